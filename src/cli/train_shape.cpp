#include "cli/train_shape.h"

#include <cmath>

#include "base/error.h"

namespace attn {

namespace {

int round_up(double value, int step) {
  return static_cast<int>(std::ceil(value / step)) * step;
}

}  // namespace

ModelConfig settle_shape(TrainOptions& options, const FamilyDefaults& family, const ModelSize& size, int vocabulary) {
  ModelConfig config;
  config.architecture = *options.architecture;
  config.vocabulary = vocabulary;
  config.context = *options.context;
  config.layers = settle(options.layers, size.layers);
  config.d_model = settle(options.d_model, size.d_model);
  config.heads = settle_heads(options, config.d_model);
  config.kv_heads = *options.kv_heads;
  config.d_head = config.d_model / config.heads;
  config.positions = settle(options.positions, family.positions);
  if (config.positions == Positions::rotary && config.d_head % 2 != 0) {
    usage_error("--positions rotary needs an even head size; --d-model ", config.d_model, " and --heads ", config.heads,
                " give ", config.d_head);
  }
  config.norm = settle(options.norm, family.norm);
  config.norm_place = settle(options.norm_place, family.norm_place);
  const FeedForwardKind kind = settle(options.activation, family.feed_forward);
  config.gated = kind == FeedForwardKind::swiglu;
  config.activation = kind == FeedForwardKind::relu ? Activation::relu : family.gelu;
  config.d_ff = settle(options.d_ff, config.gated ? round_up(8.0 / 3.0 * config.d_model, 32) : 4 * config.d_model);
  config.biases = family.biases;
  config.tied = settle(options.tie, family.tied);
  return config;
}

void adopt_model(TrainOptions& options, const ModelConfig& config, int vocabulary) {
  if (vocabulary > config.vocabulary) {
    fail("--from: the model has a vocabulary of ", config.vocabulary, ", its tokenizer one of ", vocabulary);
  }
  adopt_shape(options, config);
  if (!options.context) options.context = config.context;
  if (*options.context > config.context) {
    usage_error("--context ", *options.context, " is longer than the model's ", config.context);
  }
}

double layer_weights(const ModelConfig& config) {
  const double c = config.d_model, kv = static_cast<double>(config.kv_heads) / config.heads;
  const double attention = (2 + 2 * kv) * c * config.heads * config.d_head;
  return attention + (config.gated ? 3.0 : 2.0) * c * config.d_ff;
}

}  // namespace attn
