#pragma once
// `attn train generate`: a decoder-only model on texts.

#include "cli/command.h"
#include "cli/train_options.h"

namespace attn {

/// Trains from the beginning, or from the saved state if `resume`, and returns the exit code. `options` are those of
/// the command line and its --config file; what they leave open is settled here. Throws Error.
int train_language_model(Invocation& call, TrainOptions& options, OptionTable& table, int threads, bool resume);

}  // namespace attn
