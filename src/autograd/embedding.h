#pragma once
// Token ids to vectors: the sum of a token's, its position's and its type's embedding.

#include <cstdint>

#include "autograd/context.h"

namespace attn {

/// One table with the rows to take from it; table (rows, C) or empty.
struct Lookup {
  Tensor table;
  const std::int32_t* ids = nullptr;  // (N)
};

/// out[i] = dropout(scale·tokens[i] + positions[i] + types[i]) → (n, C). Throws Error if an id is outside its
/// table.
Tensor embedding(Context& context, std::int64_t n, Lookup tokens, float scale, Lookup positions, Lookup types,
                 float dropout_rate);

}  // namespace attn
