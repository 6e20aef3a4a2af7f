#include "cli/train_defaults.h"

#include <algorithm>
#include <cmath>

#include "base/error.h"

namespace attn {

namespace {

// About two minutes of two cores at the speed of a 2020s desktop: the training that nobody specified.
constexpr double kDefaultFlops = 2.2e13;
// More passes than this over a small text teach nothing new.
constexpr double kMostEpochs = 60;
constexpr std::int64_t kFewestSteps = 200;
constexpr int kTokensOfAnUpdate = 1024;
constexpr int kDefaultContext = 128;
constexpr std::int64_t kLargestDefaultVocabulary = 1024;
// Bytes alone, and one merge for so many characters: a token must be seen often enough to be learnt.
constexpr std::int64_t kByteVocabulary = 256;
constexpr std::int64_t kCharactersOfAMerge = 100;

struct Size {
  std::int64_t tokens;  // from this many training tokens on
  int layers, d_model;
};
constexpr Size kSizes[] = {{30000, 4, 128}, {4000, 3, 96}, {0, 2, 64}};

const Size& size_for(std::int64_t tokens) {
  return *std::find_if(std::begin(kSizes), std::end(kSizes), [&](const Size& s) { return tokens >= s.tokens; });
}

template <class T, class U>
T settle(std::optional<T>& option, U chosen) {
  if (!option) option = static_cast<T>(chosen);
  return *option;
}

int round_up(double value, int step) {
  return static_cast<int>(std::ceil(value / step)) * step;
}

int settle_context(TrainOptions& options, std::int64_t train_tokens) {
  const std::int64_t longest = train_tokens - 1;
  if (options.context && *options.context > longest) {
    usage_error("--context ", *options.context, " does not fit the training part of ", train_tokens,
                " tokens; expected at most ", longest);
  }
  return settle(options.context, std::min<std::int64_t>(kDefaultContext, longest));
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

double epochs_of(const TrainOptions& options, const DataSize& data, double tokens_of_an_update) {
  return static_cast<double>(*options.steps) * tokens_of_an_update / static_cast<double>(data.train_tokens);
}

std::int64_t default_steps(const TrainOptions& options, const ModelConfig& config, const DataSize& data,
                           double tokens_of_an_update) {
  const double tokens = static_cast<double>(data.train_tokens);
  if (options.epochs) return std::max<std::int64_t>(1, std::llround(*options.epochs * tokens / tokens_of_an_update));
  const double affordable = kDefaultFlops / training_flops_per_token(config, *options.context);
  const double steps = std::min(affordable, kMostEpochs * tokens) / tokens_of_an_update;
  return std::max(kFewestSteps, static_cast<std::int64_t>(std::llround(steps / 50) * 50));
}

// Found by trial at 4 layers of 128; wider and deeper models want less.
double default_learning_rate(const ModelConfig& config) {
  const double rate =
      3e-3 * std::sqrt(128.0 / std::max(128, config.d_model)) * std::pow(8.0 / std::max(8, config.layers), 0.25);
  return std::round(rate * 1e5) / 1e5;
}

std::int64_t settle_batch(TrainOptions& options) {
  if (options.batch && options.batch_tokens) usage_error("--batch and --batch-tokens exclude each other");
  const std::int64_t tokens = options.batch_tokens.value_or(kTokensOfAnUpdate);
  return settle(options.batch, std::max<std::int64_t>(1, tokens / *options.context));
}

}  // namespace

double training_flops_per_token(const ModelConfig& config, std::int64_t context) {
  const double c = config.d_model, kv = static_cast<double>(config.kv_heads) / config.heads;
  const double attention = (2 + 2 * kv) * c * config.heads * config.d_head;
  const double feed_forward = (config.gated ? 3.0 : 2.0) * c * config.d_ff;
  const double weights = config.layers * (attention + feed_forward) + static_cast<double>(config.vocabulary) * c;
  return 6 * weights + 12.0 * config.layers * c * static_cast<double>(context);
}

int settle_vocabulary(TrainOptions& options, std::int64_t characters) {
  const std::int64_t fits = kByteVocabulary + characters / kCharactersOfAMerge;
  return settle(options.vocab_size, std::min<std::int64_t>(kLargestDefaultVocabulary, fits));
}

ModelConfig settle_model(TrainOptions& options, const DataSize& data) {
  const bool llama = options.architecture == Architecture::llama;
  const Size& size = size_for(data.train_tokens);
  ModelConfig config;
  config.architecture = options.architecture;
  config.vocabulary = data.vocabulary;
  config.context = settle_context(options, data.train_tokens);
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

void adopt_model(TrainOptions& options, const ModelConfig& config, const DataSize& data) {
  const auto adopt = [](const char* name, auto& option, auto value) {
    if (option && *option != value) usage_error(name, " is given by the model of --from; expected no other value");
    option = value;
  };
  if (data.vocabulary != config.vocabulary) {
    fail("--from: the model has a vocabulary of ", config.vocabulary, ", its tokenizer one of ", data.vocabulary);
  }
  options.architecture = config.architecture;
  adopt("--layers", options.layers, config.layers);
  adopt("--d-model", options.d_model, config.d_model);
  adopt("--heads", options.heads, config.heads);
  adopt("--kv-heads", options.kv_heads, config.kv_heads);
  adopt("--d-ff", options.d_ff, config.d_ff);
  adopt("--positions", options.positions, config.positions);
  adopt("--norm", options.norm, config.norm);
  adopt("--norm-place", options.norm_place, config.norm_place);
  adopt("--tie", options.tie, config.tied);
  if (!options.context) options.context = config.context;
  if (*options.context > config.context) {
    usage_error("--context ", *options.context, " is longer than the model's ", config.context);
  }
  options.context = static_cast<int>(std::min<std::int64_t>(*options.context, data.train_tokens - 1));
}

void settle_steps(TrainOptions& options, std::int64_t steps) {
  options.steps = steps;
  settle(options.warmup, std::min<std::int64_t>(200, steps / 20));
  settle(options.eval_every, std::max<std::int64_t>(1, steps / 10));
}

TrainerOptions settle_training(TrainOptions& options, const ModelConfig& config, const DataSize& data) {
  const auto tokens_of_an_update = static_cast<double>(settle_batch(options) * *options.context * options.accumulate);
  settle_steps(options, options.steps ? *options.steps : default_steps(options, config, data, tokens_of_an_update));
  const double epochs = epochs_of(options, data, tokens_of_an_update);
  settle(options.dropout, epochs < 4 ? 0.0f : epochs < 16 ? 0.1f : 0.2f);
  settle(options.lr, default_learning_rate(config));
  settle(options.min_lr, *options.lr / 10);

  TrainerOptions result;
  result.schedule = {options.schedule, *options.lr, *options.min_lr, *options.warmup, *options.steps};
  result.optimizer = {options.beta1, options.beta2, options.eps, options.weight_decay, options.clip};
  result.seed = options.seed;
  result.accumulate = options.accumulate;
  result.eval_every = *options.eval_every;
  result.save_every = options.save_every;
  result.patience = options.patience;
  result.time_limit = options.time ? options.time->count() : 0;
  return result;
}

}  // namespace attn
