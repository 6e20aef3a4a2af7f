#pragma once
// Names for the layers above: of the kernels' enumerations, and of the numbers that products read.

#include "simd/kernels.h"

namespace attn {

using simd::Activation;
using simd::NormKind;

/// What products read: floats, or weights of one byte, for a model that is only used (see QuantizedMatrix).
enum class Precision { f32, int8 };

}  // namespace attn
