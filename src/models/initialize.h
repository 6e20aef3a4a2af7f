#pragma once
// Initial values of a model's parameters.

#include <cstdint>

#include "models/config.h"
#include "tensor/parameters.h"

namespace attn {

/// GPT-2, LLaMA, BERT: normal with deviation 0.02, residual outputs divided by √(2·layers) in pre-norm models (Radford
/// et al. 2019, section 2.3). The Transformer of 2017: Xavier uniform (Glorot, Bengio 2010), embeddings normal with
/// deviation C^-0.5. Gains 1, biases 0. A number depends on the seed, its parameter's name and its place in it alone.
void initialize(Parameters& parameters, const ModelConfig& config, std::uint64_t seed);

}  // namespace attn
