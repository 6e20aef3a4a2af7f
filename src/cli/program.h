#pragma once
// From the arguments of the program to a command: dispatch, help, option files.

#include <span>
#include <string>

#include "cli/console.h"

namespace attn {

/// Runs what the arguments (without the program's name) ask for; the result is the exit code. Throws Error and
/// ClosedPipe.
int run_program(std::span<const std::string> arguments, StandardOutput& out);

}  // namespace attn
