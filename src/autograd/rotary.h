#pragma once
// Rotary positions (Su et al. 2021, "RoFormer"), in the half-split layout of `transformers`.

#include <cstdint>

#include "autograd/context.h"

namespace attn {

/// The angles' cosines and sines for every position.
struct RotaryTable {
  const float* cosines = nullptr;  // (context, D/2)
  const float* sines = nullptr;    // (context, D/2)
  std::int64_t context = 0;
};

/// Rotates the first `heads` heads (D = d_head columns each) of every row of x by its position: in place, and
/// its gradient likewise, for a projection's result is needed by nobody else. x (N, columns >= heads·D);
/// positions (N), each below the table's context, else Error.
void rotary(Context& context, Tensor x, std::int64_t heads, std::int64_t d_head, const std::int32_t* positions,
            RotaryTable table);

}  // namespace attn
