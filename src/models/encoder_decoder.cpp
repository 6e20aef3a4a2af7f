#include "models/encoder_decoder.h"

#include "autograd/linear.h"

namespace attn {

EncoderDecoderModel::EncoderDecoderModel(const ModelConfig& config)
    : config_(checked(config)),
      embedding_(config),
      encoder_(config, AttentionKind::encoder),
      decoder_(config, AttentionKind::decoder) {
  if (!config.tied) output_.shape = embedding_.tokens.shape;
  if (config.biases) bias_.shape = Shape::vector(config.vocabulary);
  parameters_ = std::make_unique<Parameters>([this](const ParameterVisitor& visitor) { visit(visitor); });
}

void EncoderDecoderModel::visit(const ParameterVisitor& visitor) {
  embedding_.visit(visitor);
  encoder_.visit("encoder.", visitor);
  decoder_.visit("decoder.", visitor);
  if (!config_.tied) visitor("output.weight", output_, ParameterRole::matrix);
  if (config_.biases) visitor("output.bias", bias_, ParameterRole::bias);
}

Tensor EncoderDecoderModel::encode(Context& context, const TokenBatch& source) const {
  return encoder_.forward(context, embedding_.forward(context, source, config_.dropout), source.sequences);
}

Tensor EncoderDecoderModel::decode(Context& context, const TokenBatch& target, const Source& source) const {
  return decoder_.forward(context, embedding_.forward(context, target, config_.dropout), target.sequences, &source);
}

Tensor EncoderDecoderModel::logits(Context& context, Tensor hidden) const {
  return linear(context, hidden, output_weight(), output_bias());
}

}  // namespace attn
