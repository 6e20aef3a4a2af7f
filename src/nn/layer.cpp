#include "nn/layer.h"

namespace attn {

void TransformerLayer::visit(const std::string& prefix, const ParameterVisitor& visitor) {
  attention_norm.visit(prefix + ".attention_norm", visitor);
  attention.visit(prefix + ".attention", visitor);
  feed_forward_norm.visit(prefix + ".feed_forward_norm", visitor);
  feed_forward.visit(prefix + ".feed_forward", visitor);
}

ResidualStream TransformerLayer::forward(Context& context, ResidualStream stream, const Sequences& sequences,
                                         const LayerOptions& options) const {
  const auto attend = [&](Tensor x) {
    return attention.forward(context, x, sequences, options.causal, options.angles, options.dropout, options.place);
  };
  if (options.pre_norm) {
    const auto [before, first] = attention_norm(context, stream.x, stream.pending, options.dropout);
    const auto [middle, second] = feed_forward_norm(context, before, attend(first), options.dropout);
    return {middle, feed_forward.forward(context, second)};
  }
  const Tensor attended = attention_norm(context, stream.x, attend(stream.x), options.dropout).normed;
  const Tensor transformed = feed_forward.forward(context, attended);
  return {feed_forward_norm(context, attended, transformed, options.dropout).normed, {}};
}

}  // namespace attn
