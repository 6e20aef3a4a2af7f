#pragma once
// Batches of attention in every layout that models use: inputs and the operation on them, for the tests of gradients
// and of values.

#include <cstdint>
#include <string>
#include <vector>

#include "autograd/attention.h"
#include "autograd/gradient_check.h"

namespace attn {

/// Which tensors hold queries, keys and values: all in one (self-attention), queries apart from packed keys and
/// values (cross-attention), or three.
enum class Layout { packed, query_apart, separate };

struct AttentionCase {
  std::vector<std::int32_t> queries, keys;  // (B): of each sequence
  std::int64_t heads = 1, kv_heads = 1, d_head = 1;
  bool causal = false;
  float dropout = 0;
  Layout layout = Layout::packed;

  std::vector<GradientInput> inputs() const;
  /// attention() on tensors of the shapes that inputs() has.
  Operation operation() const;

  /// The columns of the heads in tensors of these shapes.
  struct Heads {
    HeadColumns query, key, value;
  };
  Heads columns(const std::vector<Tensor>& inputs) const;
  std::int64_t query_rows() const;
  std::int64_t key_rows() const;
};

std::string to_string(const AttentionCase& c);

}  // namespace attn
