#pragma once
// A batch's real tokens, one sequence after the other; there is no padding anywhere.

#include <cstdint>

#include "tensor/tensor.h"

namespace attn {

struct Sequences {
  std::int64_t count = 0;                   // B
  const std::int32_t* starts = nullptr;     // (B + 1): sequence b is rows starts[b] … starts[b+1]-1
  const std::int32_t* lengths = nullptr;    // (B)
  const std::int32_t* positions = nullptr;  // (N): of every token within its text

  std::int64_t tokens() const { return starts[count]; }  // N
};

/// A batch of token ids; the arrays live as long as the pass.
struct TokenBatch {
  Sequences sequences;
  const std::int32_t* ids = nullptr;    // (N)
  const std::int32_t* types = nullptr;  // (N), for models with token types; null: all of type 0
};

/// What cross-attention looks at: the states of an encoder. Sequence b of the target sees lengths[b] rows of the source
/// from row starts[b], so that several targets can share one source.
struct Source {
  Tensor states;                        // (N_S, C)
  const Tensor* keys_values = nullptr;  // (layers) of (N_S, 2·H_kv·D), projected once; null: each layer projects them
  const std::int32_t* starts = nullptr;   // (B)
  const std::int32_t* lengths = nullptr;  // (B)
};

}  // namespace attn
