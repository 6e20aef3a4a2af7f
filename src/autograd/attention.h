#pragma once
// Scaled dot-product attention (Vaswani et al. 2017, equation 1) for all heads of all sequences of a batch,
// without a T×T matrix. One operation serves self-, masked, cross- and grouped-query attention, with and
// without a cache.

#include <cstdint>

#include "autograd/context.h"

namespace attn {

/// Where the heads of a projection stand: `tensor` (rows, columns), the first head at `column`.
struct HeadColumns {
  Tensor tensor;
  std::int64_t column = 0;
};

/// B sequences: queries are rows query_starts[b] … query_starts[b+1]-1, keys are key_lengths[b] rows from
/// key_starts[b]. The arrays live as long as the tape.
struct AttentionSpans {
  std::int64_t sequences = 0;                  // B
  const std::int32_t* query_starts = nullptr;  // (B + 1)
  const std::int32_t* key_starts = nullptr;    // (B)
  const std::int32_t* key_lengths = nullptr;   // (B)
};

struct AttentionShape {
  std::int64_t heads = 0;     // H
  std::int64_t kv_heads = 0;  // H_kv, divides H
  std::int64_t d_head = 0;    // D
  bool causal = false;        // query t of T sees keys 0 … S - T + t
};

/// What a trace is told about the caller.
struct AttentionPlace {
  AttentionKind kind = AttentionKind::decoder;
  int layer = 0;
};

/// softmax(q·kᵀ/√D)·v → (N, H·D). query, key and value may be columns of the same tensor. If one of them gets
/// a gradient, every row and column of its tensor must belong to some head of query, key or value.
/// Throws Error if heads or sequences do not fit, or a query would see no key.
Tensor attention(Context& context, HeadColumns query, HeadColumns key, HeadColumns value, const AttentionSpans& spans,
                 const AttentionShape& shape, float dropout_rate, AttentionPlace place);

}  // namespace attn
