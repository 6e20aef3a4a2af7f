#pragma once
// Names of the kernels' enumerations, for the layers above that describe models with them.

#include "simd/kernels.h"

namespace attn {

using simd::Activation;
using simd::NormKind;

}  // namespace attn
