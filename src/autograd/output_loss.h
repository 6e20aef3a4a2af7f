#pragma once
// The output projection and its softmax cross-entropy, over blocks of rows: the whole batch's logits (N, V)
// are never held. This is where a training pass ends.

#include <cstdint>

#include "autograd/context.h"

namespace attn {

struct LossOptions {
  float label_smoothing = 0;  // ε: (1-ε)·NLL + ε·mean over V of -log p
  float gradient_scale = 1;   // the gradients are those of gradient_scale · (sum of the row losses)
  /// (V), or null: a row's loss, smoothing included, is multiplied by the weight of its target. PyTorch divides the sum
  /// by Σ weights of the targets; so does the caller.
  const float* class_weights = nullptr;
};

/// The sum over rows of the cross-entropy of softmax(hidden·weightᵀ + bias) against targets. hidden (N, C),
/// weight (V, C), bias (V) or empty, targets (N): a negative one counts for nothing. If the tape records, the
/// gradients of hidden, weight and bias are written at once, so that the logits can be forgotten; backward()
/// then does the rest.
double output_loss(Context& context, Tensor hidden, Tensor weight, Tensor bias, const std::int32_t* targets,
                   const LossOptions& options);

}  // namespace attn
