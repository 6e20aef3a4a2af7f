#include "models/encoder.h"

#include <algorithm>

#include "autograd/mean_rows.h"
#include "autograd/select_rows.h"

namespace attn {

EncoderModel::EncoderModel(const ModelConfig& config)
    : config_(checked(config)), embedding_(config), stack_(config, AttentionKind::encoder) {
  if (config.head == Head::masked) {
    transform_ = Linear(config.d_model, config.d_model, config.biases);
    transform_norm_ = Norm(config.d_model, config.norm, config.norm_eps, config.biases);
    if (!config.tied) output_.shape = embedding_.tokens.shape;
    if (config.biases) output_bias_.shape = Shape::vector(config.vocabulary);
  }
  if (config.head == Head::classifier) {
    if (config.pooling == Pooling::first) pooler_ = Linear(config.d_model, config.d_model, true);
    classifier_ = Linear(config.d_model, static_cast<std::int64_t>(config.labels.size()), true);
  }
  parameters_ = std::make_unique<Parameters>([this](const ParameterVisitor& visitor) { visit(visitor); });
}

void EncoderModel::visit(const ParameterVisitor& visitor) {
  embedding_.visit(visitor);
  stack_.visit("", visitor);
  if (config_.head == Head::masked) {
    transform_.visit("head.transform", visitor);
    transform_norm_.visit("head.norm", visitor);
    if (!config_.tied) visitor("head.output.weight", output_, ParameterRole::matrix);
    if (config_.biases) visitor("head.output.bias", output_bias_, ParameterRole::bias);
  }
  if (config_.head == Head::classifier) {
    if (config_.pooling == Pooling::first) pooler_.visit("head.pooler", visitor);
    classifier_.visit("head.classifier", visitor);
  }
}

Tensor EncoderModel::hidden(Context& context, const TokenBatch& batch) const {
  return stack_.forward(context, embedding_.forward(context, batch, config_.dropout), batch.sequences);
}

Tensor EncoderModel::masked_states(Context& context, Tensor hidden) const {
  const Activation activation = config_.gated ? Activation::gelu : config_.activation;
  return transform_norm_(context, transform_(context, hidden, activation), {}, 0).normed;
}

Tensor EncoderModel::pooled(Context& context, Tensor hidden, const Sequences& sequences) const {
  if (config_.pooling == Pooling::mean) return mean_rows(context, hidden, sequences.starts, sequences.count);
  const Tensor first = select_rows(context, hidden, sequences.starts, sequences.count);  // (B, C)
  return config_.head == Head::classifier ? pooler_(context, first, Activation::tanh) : first;
}

}  // namespace attn
