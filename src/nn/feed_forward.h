#pragma once
// The position-wise feed-forward layer: down(activation(up(x))), or SwiGLU, down(silu(gate(x))∘up(x)).

#include <string>

#include "nn/modules.h"

namespace attn {

struct FeedForward {
  Linear up;    // (F, C), or gated (2F, C): the gate's rows first
  Linear down;  // (C, F)
  Activation activation = Activation::relu;
  bool gated = false;

  FeedForward() = default;
  FeedForward(std::int64_t d_model, std::int64_t d_ff, Activation kind, bool with_gate, bool biases);

  void visit(const std::string& prefix, const ParameterVisitor& visitor);
  /// x (N, C) → (N, C).
  Tensor forward(Context& context, Tensor x) const;
};

}  // namespace attn
