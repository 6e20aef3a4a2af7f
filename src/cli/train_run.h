#pragma once
// Runs `attn train` for any task: folder, options, --time and --plan, the loop, and the report.

#include "cli/command.h"
#include "cli/train_options.h"
#include "cli/train_recipe.h"

namespace attn {

/// Trains from the beginning, or from the saved state if `resume`, and returns the exit code. `options` are those of
/// the command line and its --config file; what they leave open is settled here. Throws Error.
int run_training(const TrainTaskRow& task, Invocation& call, TrainOptions& options, OptionTable& table, int threads,
                 bool resume);

}  // namespace attn
