#include "cli/train_decoder.h"

#include <cmath>

#include "base/error.h"
#include "cli/train_defaults.h"

namespace attn {

namespace {

int round_up(double value, int step) {
  return static_cast<int>(std::ceil(value / step)) * step;
}

}  // namespace

ModelConfig settle_decoder(TrainOptions& options, int vocabulary, std::int64_t train_tokens) {
  const bool llama = *options.architecture == Architecture::llama;
  const ModelSize& size = size_for(train_tokens);
  ModelConfig config;
  config.architecture = *options.architecture;
  config.vocabulary = vocabulary;
  config.context = *options.context;
  config.layers = settle(options.layers, size.layers);
  config.d_model = settle(options.d_model, size.d_model);
  config.heads = settle_heads(options, config.d_model);
  config.kv_heads = *options.kv_heads;
  config.d_head = config.d_model / config.heads;
  config.positions = settle(options.positions, llama ? Positions::rotary : Positions::learned);
  if (config.positions == Positions::rotary && config.d_head % 2 != 0) {
    usage_error("--positions rotary needs an even head size; --d-model ", config.d_model, " and --heads ", config.heads,
                " give ", config.d_head);
  }
  config.norm = settle(options.norm, llama ? NormKind::rms : NormKind::layer);
  config.norm_place = settle(options.norm_place, NormPlace::pre);
  const FeedForwardKind kind = settle(options.activation, llama ? FeedForwardKind::swiglu : FeedForwardKind::gelu);
  config.gated = kind == FeedForwardKind::swiglu;
  config.activation = kind == FeedForwardKind::relu ? Activation::relu : Activation::gelu_tanh;
  config.d_ff = settle(options.d_ff, config.gated ? round_up(8.0 / 3.0 * config.d_model, 32) : 4 * config.d_model);
  config.biases = !llama;
  config.tied = settle(options.tie, !llama);
  return config;
}

void adopt_decoder(TrainOptions& options, const ModelConfig& config, int vocabulary) {
  if (config.architecture != Architecture::gpt2 && config.architecture != Architecture::llama) {
    usage_error("--from: expected a decoder-only model, found one of the family ", name_of(config.architecture));
  }
  if (vocabulary != config.vocabulary) {
    fail("--from: the model has a vocabulary of ", config.vocabulary, ", its tokenizer one of ", vocabulary);
  }
  adopt_shape(options, config);
  if (!options.context) options.context = config.context;
  if (*options.context > config.context) {
    usage_error("--context ", *options.context, " is longer than the model's ", config.context);
  }
}

double decoder_flops_per_token(const ModelConfig& config, double context) {
  const double c = config.d_model, kv = static_cast<double>(config.kv_heads) / config.heads;
  const double attention = (2 + 2 * kv) * c * config.heads * config.d_head;
  const double feed_forward = (config.gated ? 3.0 : 2.0) * c * config.d_ff;
  const double weights = config.layers * (attention + feed_forward) + static_cast<double>(config.vocabulary) * c;
  return 6 * weights + 12.0 * config.layers * c * context;
}

}  // namespace attn
