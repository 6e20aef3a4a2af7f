#include "models/decoder.h"

#include <cmath>

#include "autograd/embedding.h"
#include "autograd/linear.h"

namespace attn {

DecoderModel::DecoderModel(const ModelConfig& config) : config_(config) {
  check_config(config);
  const bool pre_norm = config.norm_place == NormPlace::pre;
  embedding_.shape = Shape::matrix(config.vocabulary, config.d_model);
  if (config.positions == Positions::learned || config.positions == Positions::sinusoidal) {
    positions_.shape = Shape::matrix(config.context, config.d_model);
  }
  if (config.positions == Positions::sinusoidal) {
    fixed_positions_ = sinusoidal_positions(config.context, config.d_model);
    positions_.data = fixed_positions_.data();
  }
  if (config.positions == Positions::rotary) angles_ = RotaryAngles(config.context, config.d_head, config.rope_theta);

  const AttentionDimensions dimensions{config.d_model, config.heads, config.kv_heads, config.d_head, config.biases};
  const Norm norm(config.d_model, config.norm, config.norm_eps, config.biases);
  const FeedForward feed_forward(config.d_model, config.d_ff, config.activation, config.gated, config.biases);
  for (int i = 0; i < config.layers; ++i) {
    layers_.push_back({norm, SelfAttention(dimensions), norm, feed_forward});
  }
  if (pre_norm) final_norm_ = norm;
  if (!config.tied) output_.shape = embedding_.shape;
  parameters_ = std::make_unique<Parameters>([this](const ParameterVisitor& visitor) { visit(visitor); });
}

void DecoderModel::visit(const ParameterVisitor& visitor) {
  visitor("embedding.weight", embedding_, ParameterRole::embedding);
  if (config_.positions == Positions::learned) visitor("positions.weight", positions_, ParameterRole::positions);
  for (std::size_t i = 0; i < layers_.size(); ++i) layers_[i].visit("layers." + std::to_string(i), visitor);
  if (config_.norm_place == NormPlace::pre) final_norm_.visit("final_norm", visitor);
  if (!config_.tied) visitor("output.weight", output_, ParameterRole::matrix);
}

Tensor DecoderModel::hidden(Context& context, const TokenBatch& batch) const {
  const Sequences& sequences = batch.sequences;
  const float scale = config_.scaled_embedding ? std::sqrt(static_cast<float>(config_.d_model)) : 1.0f;
  ResidualStream stream{embedding(context, sequences.tokens(), {embedding_, batch.ids}, scale,
                                  {positions_, sequences.positions}, {}, config_.dropout),
                        {}};
  LayerOptions options{.pre_norm = config_.norm_place == NormPlace::pre,
                       .causal = true,
                       .dropout = config_.dropout,
                       .angles = config_.positions == Positions::rotary ? &angles_ : nullptr,
                       .place = {AttentionKind::decoder, 0}};
  for (const TransformerLayer& layer : layers_) {
    stream = layer.forward(context, stream, sequences, options);
    ++options.place.layer;
  }
  if (context.cache) context.cache->advance(sequences.starts, sequences.count);
  if (!options.pre_norm) return stream.x;
  return final_norm_(context, stream.x, stream.pending, config_.dropout).normed;
}

Tensor DecoderModel::logits(Context& context, Tensor hidden) const {
  return linear(context, hidden, output_weight(), {});
}

}  // namespace attn
