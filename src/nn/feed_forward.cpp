#include "nn/feed_forward.h"

#include "autograd/swiglu.h"

namespace attn {

FeedForward::FeedForward(std::int64_t d_model, std::int64_t d_ff, Activation kind, bool with_gate, bool biases)
    : up(d_model, with_gate ? 2 * d_ff : d_ff, biases),
      down(d_ff, d_model, biases, ParameterRole::residual_output),
      activation(kind),
      gated(with_gate) {}

void FeedForward::visit(const std::string& prefix, const ParameterVisitor& visitor) {
  up.visit(prefix + ".up", visitor);
  down.visit(prefix + ".down", visitor);
}

Tensor FeedForward::forward(Context& context, Tensor x) const {
  const Tensor hidden = gated ? swiglu(context, up(context, x)) : up(context, x, activation);  // (N, F)
  return down(context, hidden);
}

}  // namespace attn
