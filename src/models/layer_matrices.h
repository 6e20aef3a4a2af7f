#pragma once
// The matrices inside a model's layers as an optimizer sees them that treats a matrix as a whole.

#include <cstdint>
#include <span>
#include <vector>

#include "models/config.h"
#include "tensor/parameters.h"

namespace attn {

/// One projection: a parameter, or the rows of a packed one (q, k and v, gate and up) that stand for it.
struct LayerMatrix {
  std::int64_t offset = 0;  // of its first number in the flat arrays
  std::int64_t rows = 0, columns = 0;
};

/// All of them, in the order of the parameters; embeddings, the output projection and heads are none.
std::vector<LayerMatrix> layer_matrices(const ModelConfig& config, std::span<const NamedParameter> parameters);

}  // namespace attn
