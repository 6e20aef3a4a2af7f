#pragma once
// Names for the layers above: of the kernels' enumerations, and of the numbers that products read.

#include "simd/kernels.h"

namespace attn {

using simd::Activation;
using simd::NormKind;

/// What products read: floats; of a model that is trained, both operands rounded to bfloat16, their sums still floats; of
/// a model that is only used, weights of one byte (see QuantizedMatrix).
enum class Precision { f32, bf16, int8 };

}  // namespace attn
