#pragma once
// Runs `attn train` for any task: folder, options, --time and --plan, the loop, and the report.

#include <functional>

#include "cli/command.h"
#include "cli/train_options.h"
#include "cli/train_recipe.h"
#include "training/trainer.h"

namespace attn {

/// Somebody who follows a training besides its user.
struct TrainingWatch {
  std::function<void(const Evaluation&)> evaluated;  // after every evaluation; may throw to end the training
  bool shows_progress = true;                        // even if the call is quiet
};

/// Trains from the beginning, or from the saved state if `resume`, and returns the exit code. `options` are those of
/// the command line and its --config file; what they leave open is settled here. Throws Error.
int run_training(const TrainTaskRow& task, Invocation& call, TrainOptions& options, OptionTable& table, int threads,
                 bool resume, const TrainingWatch* watch = nullptr);

}  // namespace attn
