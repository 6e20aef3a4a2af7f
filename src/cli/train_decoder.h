#pragma once
// What tasks with a decoder-only model share: generate and chat.

#include <cstdint>

#include "cli/train_options.h"
#include "models/config.h"

namespace attn {

/// Settles every model option that is open, --context and --dropout apart, for data of so many tokens, and returns the
/// model they describe. --context is settled already. Throws Error (usage) if what was said does not fit together.
ModelConfig settle_decoder(TrainOptions& options, int vocabulary, std::int64_t train_tokens);

/// Takes the model options over from a model that training starts from; its context is the default of --context. Throws
/// Error (usage) where the command line says otherwise or the model is of another kind.
void adopt_decoder(TrainOptions& options, const ModelConfig& config, int vocabulary);

/// FLOPs of training on one token of sequences of `context` tokens: 6 a weight, and 12·C·T a layer for attention.
double decoder_flops_per_token(const ModelConfig& config, double context);

}  // namespace attn
