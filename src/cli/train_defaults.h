#pragma once
// What `attn train` chooses where the user leaves it open. The choice follows from the data and from what was said,
// never from a clock, so it is the same on every machine.

#include <cstdint>
#include <optional>

#include "base/error.h"
#include "cli/train_options.h"
#include "models/config.h"
#include "training/trainer.h"

namespace attn {

/// The value that was given, or this one from now on.
template <class T, class U>
T settle(std::optional<T>& option, U chosen) {
  if (!option) option = static_cast<T>(chosen);
  return *option;
}

/// Settles the size of the vocabulary, special tokens included, for a text of so many characters, up to `largest`.
int settle_vocabulary(TrainOptions& options, std::int64_t characters, std::size_t special_tokens, std::int64_t largest);

/// Layers (of each stack) and width of a model for so many training tokens.
struct ModelSize {
  std::int64_t tokens;  // from this many on
  int layers, d_model;
};
const ModelSize& size_for(std::int64_t train_tokens);

/// Settles --heads and --kv-heads for a width and returns the heads. Throws Error (usage) if they do not divide it.
int settle_heads(TrainOptions& options, int d_model);

/// Takes a model option over from --from. Throws Error (usage) if the command line says otherwise.
template <class T, class U>
void adopt(const char* name, std::optional<T>& option, U value) {
  if (option && *option != static_cast<T>(value)) {
    usage_error(name, " is given by the model of --from; expected no other value");
  }
  option = static_cast<T>(value);
}
/// All of them that every family has, but --context.
void adopt_shape(TrainOptions& options, const ModelConfig& config);

/// What an update is, with the sizes that were settled.
struct TrainingWork {
  double tokens_of_an_update = 0;  // target tokens, on average
  double updates_of_an_epoch = 0;  // to see all training data once
  double flops_of_an_update = 0;   // forward and backward
  double most_epochs = 60;         // unless more are asked for: more passes over few data teach nothing new
  std::int64_t longest_warmup = 200;
};

/// Settles steps, rates and intervals, and --dropout, as far as they are open, without --time.
TrainerOptions settle_training(TrainOptions& options, const ModelConfig& config, const TrainingWork& work);

/// Settles what follows from the number of updates: warm-up, evaluation interval.
void settle_steps(TrainOptions& options, std::int64_t steps, const TrainingWork& work);

}  // namespace attn
