#include "nn/layer.h"

namespace attn {

void TransformerLayer::visit(const std::string& prefix, const ParameterVisitor& visitor) {
  attention_norm.visit(prefix + ".attention_norm", visitor);
  attention.visit(prefix + ".attention", visitor);
  if (has_cross_attention) {
    cross_norm.visit(prefix + ".cross_norm", visitor);
    cross_attention.visit(prefix + ".cross_attention", visitor);
  }
  feed_forward_norm.visit(prefix + ".feed_forward_norm", visitor);
  feed_forward.visit(prefix + ".feed_forward", visitor);
}

Tensor TransformerLayer::attend(Context& context, Tensor x, const Sequences& sequences,
                                const LayerOptions& options) const {
  return attention.forward(context, x, sequences, options.causal, options.angles, options.dropout, options.place);
}

Tensor TransformerLayer::look_at_source(Context& context, Tensor x, const Sequences& sequences,
                                        const LayerOptions& options) const {
  return cross_attention.forward(context, x, sequences, *options.source, options.dropout, options.place.layer);
}

ResidualStream TransformerLayer::forward_pre_norm(Context& context, ResidualStream stream, const Sequences& sequences,
                                                  const LayerOptions& options) const {
  const auto [before, first] = attention_norm(context, stream.x, stream.pending, options.dropout);
  stream = {before, attend(context, first, sequences, options)};
  if (has_cross_attention) {
    const auto [between, second] = cross_norm(context, stream.x, stream.pending, options.dropout);
    stream = {between, look_at_source(context, second, sequences, options)};
  }
  const auto [after, last] = feed_forward_norm(context, stream.x, stream.pending, options.dropout);
  return {after, feed_forward.forward(context, last)};
}

Tensor TransformerLayer::forward_post_norm(Context& context, Tensor x, const Sequences& sequences,
                                           const LayerOptions& options) const {
  x = attention_norm(context, x, attend(context, x, sequences, options), options.dropout).normed;
  if (has_cross_attention) {
    x = cross_norm(context, x, look_at_source(context, x, sequences, options), options.dropout).normed;
  }
  return feed_forward_norm(context, x, feed_forward.forward(context, x), options.dropout).normed;
}

ResidualStream TransformerLayer::forward(Context& context, ResidualStream stream, const Sequences& sequences,
                                         const LayerOptions& options) const {
  if (options.pre_norm) return forward_pre_norm(context, stream, sequences, options);
  return {forward_post_norm(context, stream.x, sequences, options), {}};
}

}  // namespace attn
