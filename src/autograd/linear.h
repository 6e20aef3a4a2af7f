#pragma once
// y = activation(x·weightᵀ + bias).

#include "autograd/context.h"
#include "autograd/types.h"

namespace attn {

/// x (N, in), weight (out, in), bias (out) or empty → (N, out). Throws Error if the shapes do not fit.
Tensor linear(Context& context, Tensor x, Tensor weight, Tensor bias, Activation activation = Activation::none);

}  // namespace attn
