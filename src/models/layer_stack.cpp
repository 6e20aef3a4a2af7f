#include "models/layer_stack.h"

#include "nn/cache.h"

namespace attn {

LayerStack::LayerStack(const ModelConfig& config, AttentionKind kind)
    : pre_norm_(config.norm_place == NormPlace::pre),
      dropout_(config.dropout),
      kind_(kind),
      rotary_(config.positions == Positions::rotary) {
  if (rotary_) angles_ = RotaryAngles(config.context, config.d_head, config.rope_theta);
  const bool sees_source = config.architecture == Architecture::transformer && kind == AttentionKind::decoder;
  const AttentionDimensions dimensions{config.d_model, config.heads, config.kv_heads, config.d_head, config.biases};
  const Norm norm(config.d_model, config.norm, config.norm_eps, config.biases);
  const FeedForward feed_forward(config.d_model, config.d_ff, config.activation, config.gated, config.biases);
  TransformerLayer layer{norm, SelfAttention(dimensions), norm, feed_forward, {}, {}, sees_source};
  if (sees_source) {
    layer.cross_norm = norm;
    layer.cross_attention = CrossAttention(dimensions);
  }
  layers_.assign(static_cast<std::size_t>(sees_source ? config.decoder_layers : config.layers), layer);
  if (pre_norm_) final_norm_ = norm;
}

void LayerStack::visit(const std::string& prefix, const ParameterVisitor& visitor) {
  for (std::size_t i = 0; i < layers_.size(); ++i) layers_[i].visit(prefix + "layers." + std::to_string(i), visitor);
  if (pre_norm_) final_norm_.visit(prefix + "final_norm", visitor);
}

void LayerStack::trace_state(Context& context, const ResidualStream& stream, int layer) const {
  if (!context.trace || !context.trace->with_states) return;
  const auto copy = [](Tensor t) { return std::vector<float>(t.data, t.data + t.size()); };
  StateRecord record{.stack = kind_, .layer = layer, .residual = copy(stream.x), .normed = copy(stream.x)};
  if (pre_norm_) {
    Tensor pending = stream.pending;  // a copy, as the sum takes its place, and the next layer wants it too
    std::vector<float> numbers;
    if (pending) {
      numbers = copy(pending);
      pending = {numbers.data(), nullptr, pending.shape};
    }
    const auto [sum, normed] = final_norm_(context, stream.x, pending, dropout_);
    record.residual = copy(sum);
    record.normed = copy(normed);
  }
  context.trace->states.push_back(std::move(record));
}

Tensor LayerStack::forward(Context& context, Tensor x, const Sequences& sequences, const Source* source) const {
  ResidualStream stream{x, {}};
  LayerOptions options{.pre_norm = pre_norm_,
                       .causal = kind_ == AttentionKind::decoder,
                       .dropout = dropout_,
                       .angles = rotary_ ? &angles_ : nullptr,
                       .source = source,
                       .place = {kind_, 0}};
  trace_state(context, stream, -1);
  for (const TransformerLayer& layer : layers_) {
    stream = layer.forward(context, stream, sequences, options);
    trace_state(context, stream, options.place.layer);
    ++options.place.layer;
  }
  if (context.cache) context.cache->advance(sequences.starts, sequences.count);
  if (!pre_norm_) return stream.x;
  return final_norm_(context, stream.x, stream.pending, dropout_).normed;
}

const Tensor* LayerStack::project_source(Context& context, Tensor states) const {
  auto* projected = context.arena.array<Tensor>(layers_.size());
  for (std::size_t i = 0; i < layers_.size(); ++i) projected[i] = layers_[i].cross_attention.project(context, states);
  return projected;
}

}  // namespace attn
