#include "models/decoder.h"

#include "autograd/linear.h"

namespace attn {

DecoderModel::DecoderModel(const ModelConfig& config)
    : config_(checked(config)), embedding_(config), stack_(config, AttentionKind::decoder) {
  if (!config.tied) output_.shape = embedding_.tokens.shape;
  parameters_ = std::make_unique<Parameters>([this](const ParameterVisitor& visitor) { visit(visitor); });
}

void DecoderModel::visit(const ParameterVisitor& visitor) {
  embedding_.visit(visitor);
  stack_.visit("", visitor);
  if (!config_.tied) visitor("output.weight", output_, ParameterRole::matrix);
}

Tensor DecoderModel::hidden(Context& context, const TokenBatch& batch) const {
  return stack_.forward(context, embedding_.forward(context, batch, config_.dropout), batch.sequences);
}

Tensor DecoderModel::logits(Context& context, Tensor hidden) const {
  return linear(context, hidden, output_weight(), {});
}

}  // namespace attn
