#pragma once
// Rows of a chosen length: dot products of them are cosines.

#include "autograd/context.h"

namespace attn {

/// x (N, C) → scale·x / |x|, row by row (N, C); a row of zeros stays one. With scale 1/τ on one side, the product of two
/// such matrices holds the cosines divided by the temperature τ.
Tensor unit_rows(Context& context, Tensor x, float scale = 1);

}  // namespace attn
