#include "cli/train_defaults.h"

#include <algorithm>
#include <cmath>

namespace attn {

namespace {

// About two minutes of two cores at the speed of a 2020s desktop: the training that nobody specified.
constexpr double kDefaultFlops = 2.2e13;
constexpr std::int64_t kFewestSteps = 200;
// Bytes alone, and one merge for so many characters: a token must be seen often enough to be learnt.
constexpr std::int64_t kByteVocabulary = 256;
constexpr std::int64_t kCharactersOfAMerge = 100;

constexpr ModelSize kSizes[] = {{30000, 4, 128}, {4000, 3, 96}, {0, 2, 64}};

std::int64_t default_steps(const TrainOptions& options, const TrainingWork& work) {
  if (options.epochs) return std::max<std::int64_t>(1, std::llround(*options.epochs * work.updates_of_an_epoch));
  const double affordable = kDefaultFlops / work.flops_of_an_update;
  const double steps = std::min(affordable, work.most_epochs * work.updates_of_an_epoch);
  return std::max(kFewestSteps, static_cast<std::int64_t>(std::llround(steps / 50) * 50));
}

// Found by trial at 4 layers of 128; wider and deeper models want less.
double default_learning_rate(const ModelConfig& config) {
  const double rate =
      3e-3 * std::sqrt(128.0 / std::max(128, config.d_model)) * std::pow(8.0 / std::max(8, config.layers), 0.25);
  return std::round(rate * 1e5) / 1e5;
}

}  // namespace

int settle_vocabulary(TrainOptions& options, std::int64_t characters, std::size_t special_tokens,
                      std::int64_t largest) {
  const std::int64_t fits =
      kByteVocabulary + static_cast<std::int64_t>(special_tokens) + characters / kCharactersOfAMerge;
  return settle(options.vocab_size, std::min(largest, fits));
}

const ModelSize& size_for(std::int64_t train_tokens) {
  return *std::find_if(std::begin(kSizes), std::end(kSizes),
                       [&](const ModelSize& size) { return train_tokens >= size.tokens; });
}

int settle_heads(TrainOptions& options, int d_model) {
  int heads = std::max(1, d_model / 32);
  while (d_model % heads != 0) --heads;
  settle(options.heads, heads);
  if (d_model % *options.heads != 0) {
    usage_error("--heads ", *options.heads, " does not divide --d-model ", d_model, "; expected a divisor of it");
  }
  settle(options.kv_heads, *options.heads);
  if (*options.heads % *options.kv_heads != 0) {
    usage_error("--kv-heads ", *options.kv_heads, " does not divide --heads ", *options.heads,
                "; expected a divisor of it");
  }
  return *options.heads;
}

void adopt_shape(TrainOptions& options, const ModelConfig& config) {
  adopt("--arch", options.architecture, config.architecture);
  adopt("--layers", options.layers, config.layers);
  adopt("--d-model", options.d_model, config.d_model);
  adopt("--heads", options.heads, config.heads);
  adopt("--kv-heads", options.kv_heads, config.kv_heads);
  adopt("--d-ff", options.d_ff, config.d_ff);
  adopt("--positions", options.positions, config.positions);
  adopt("--norm", options.norm, config.norm);
  adopt("--norm-place", options.norm_place, config.norm_place);
  adopt("--tie", options.tie, config.tied);
  adopt("--activation", options.activation,
        config.gated                            ? FeedForwardKind::swiglu
        : config.activation == Activation::relu ? FeedForwardKind::relu
                                                : FeedForwardKind::gelu);
}

void settle_steps(TrainOptions& options, std::int64_t steps, const TrainingWork& work) {
  options.steps = steps;
  settle(options.warmup, std::min<std::int64_t>(work.longest_warmup, steps / 20));
  settle(options.eval_every, std::max<std::int64_t>(1, steps / 10));
}

TrainerOptions settle_training(TrainOptions& options, const ModelConfig& config, const TrainingWork& work) {
  settle_steps(options, options.steps ? *options.steps : default_steps(options, work), work);
  const double epochs = static_cast<double>(*options.steps) / work.updates_of_an_epoch;
  settle(options.dropout, epochs < 4 ? 0.0f : epochs < 16 ? 0.1f : 0.2f);
  settle(options.lr, default_learning_rate(config));
  settle(options.min_lr, *options.lr / 10);

  settle(options.schedule, Schedule::cosine);
  settle(options.weight_decay, 0.1);
  settle(options.beta2, 0.99);
  settle(options.label_smoothing, 0.0);

  TrainerOptions result;
  result.schedule = {*options.schedule, *options.lr, *options.min_lr, *options.warmup, *options.steps};
  result.optimizer = {options.beta1, *options.beta2, options.eps, *options.weight_decay, options.clip};
  result.precision = options.precision;
  result.seed = options.seed;
  result.accumulate = options.accumulate;
  result.eval_every = *options.eval_every;
  result.save_every = options.save_every;
  result.patience = options.patience;
  result.time_limit = options.time ? options.time->count() : 0;
  return result;
}

}  // namespace attn
