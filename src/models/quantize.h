#pragma once
// Weights in whole numbers, one byte each, for a model that is only used from now on.

#include "models/config.h"
#include "tensor/parameters.h"

namespace attn {

/// The numbers of all matrices that states are multiplied with: what a token reads.
std::int64_t multiplied_weights(const Parameters& parameters, const ModelConfig& config);

/// Every matrix that states are multiplied with, the output projection included (a tied one keeps its floats for the
/// lookup of tokens), gets a copy in whole numbers that products read from now on; embeddings, norms and biases stay as
/// they are. Throws Error naming a matrix that holds a number that is not finite; then nothing has changed.
void quantize(Parameters& parameters, const ModelConfig& config);

}  // namespace attn
