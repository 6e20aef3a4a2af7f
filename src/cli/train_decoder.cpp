#include "cli/train_decoder.h"

#include "base/error.h"
#include "cli/train_shape.h"

namespace attn {

ModelConfig settle_decoder(TrainOptions& options, int vocabulary, std::int64_t train_tokens) {
  FamilyDefaults family;
  if (*options.architecture == Architecture::llama) {
    family = {.positions = Positions::rotary,
              .norm = NormKind::rms,
              .feed_forward = FeedForwardKind::swiglu,
              .tied = false,
              .biases = false};
  }
  return settle_shape(options, family, size_for(train_tokens), vocabulary);
}

void adopt_decoder(TrainOptions& options, const ModelConfig& config, int vocabulary) {
  if (config.architecture != Architecture::gpt2 && config.architecture != Architecture::llama) {
    usage_error("--from: expected a decoder-only model, found one of the family ", name_of(config.architecture));
  }
  adopt_model(options, config, vocabulary);
}

double decoder_flops_per_token(const ModelConfig& config, double context) {
  const double weights =
      config.layers * layer_weights(config) + static_cast<double>(config.vocabulary) * config.d_model;
  return 6 * weights + 12.0 * config.layers * config.d_model * context;
}

}  // namespace attn
