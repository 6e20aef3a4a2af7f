#pragma once
// A folder of its own for one test, removed at the end.

#include "base/temporary_folder.h"
