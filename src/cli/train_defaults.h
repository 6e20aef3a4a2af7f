#pragma once
// What `attn train` chooses where the user leaves it open. The choice follows from the data and from what was said,
// never from a clock, so it is the same on every machine.

#include <cstdint>

#include "cli/train_options.h"
#include "models/config.h"
#include "training/trainer.h"

namespace attn {

/// What the choices are made from.
struct DataSize {
  int vocabulary = 0;  // V
  std::int64_t train_tokens = 0;
};

/// Settles the size of the vocabulary for a text of so many characters.
int settle_vocabulary(TrainOptions& options, std::int64_t characters);

/// Settles every model option that is open and returns the model they describe. Throws Error (usage) if what was
/// said does not fit together, or an explicit context does not fit the data.
ModelConfig settle_model(TrainOptions& options, const DataSize& data);

/// Takes the model options over from a model that training starts from. Throws Error (usage) where the command line
/// says otherwise, or where the data do not fit.
void adopt_model(TrainOptions& options, const ModelConfig& config, const DataSize& data);

/// The same for optimisation and evaluation, without --time: settles batch, steps, rates, and intervals.
TrainerOptions settle_training(TrainOptions& options, const ModelConfig& config, const DataSize& data);

/// Settles what follows from the number of updates: warm-up, evaluation interval.
void settle_steps(TrainOptions& options, std::int64_t steps);

/// FLOPs of training on one token: 6 a weight, and 12·C·T a layer for attention.
double training_flops_per_token(const ModelConfig& config, std::int64_t context);

}  // namespace attn
