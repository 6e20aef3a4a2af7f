#pragma once
// What commands that compute need from the machine.

#include "simd/kernels.h"

namespace attn {

/// The kernels of this machine, or those that ATTN_SIMD asks for. Throws Error if it asks for some that are not there.
const simd::Kernels& require_kernels();

}  // namespace attn
