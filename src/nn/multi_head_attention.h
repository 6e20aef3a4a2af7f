#pragma once
// Multi-head attention (Vaswani et al. 2017, section 3.2.2), with fewer key/value than query heads if asked
// (Ainslie et al. 2023).

#include <string>

#include "autograd/attention.h"
#include "nn/modules.h"
#include "nn/positions.h"
#include "nn/sequences.h"

namespace attn {

struct AttentionDimensions {
  std::int64_t d_model = 0;   // C
  std::int64_t heads = 0;     // H
  std::int64_t kv_heads = 0;  // H_kv
  std::int64_t d_head = 0;    // D
  bool biases = true;
};

/// Queries, keys and values of the same tokens, from one packed projection.
struct SelfAttention {
  Linear qkv;     // ((H + 2·H_kv)·D, C): rows of queries, keys, values
  Linear output;  // (C, H·D)
  AttentionDimensions dimensions;

  SelfAttention() = default;
  explicit SelfAttention(const AttentionDimensions& size);

  void visit(const std::string& prefix, const ParameterVisitor& visitor);
  /// x (N, C) → (N, C). Queries and keys are rotated if `angles` is not null. With a cache in the context,
  /// keys and values of earlier tokens come from it, and the batch's are left there.
  Tensor forward(Context& context, Tensor x, const Sequences& sequences, bool causal, const RotaryAngles* angles,
                 float dropout_rate, AttentionPlace place) const;
};

/// Queries of the target's tokens, keys and values of the source's (Vaswani et al. 2017, section 3.2.3).
struct CrossAttention {
  Linear query;      // (H·D, C)
  Linear key_value;  // (2·H_kv·D, C): rows of keys, values
  Linear output;     // (C, H·D)
  AttentionDimensions dimensions;

  CrossAttention() = default;
  explicit CrossAttention(const AttentionDimensions& size);

  void visit(const std::string& prefix, const ParameterVisitor& visitor);
  /// Keys and values of a source's states, (N_S, C) → (N_S, 2·H_kv·D).
  Tensor project(Context& context, Tensor states) const { return key_value(context, states); }
  /// x (N, C) → (N, C).
  Tensor forward(Context& context, Tensor x, const Sequences& sequences, const Source& source, float dropout_rate,
                 int layer) const;
};

}  // namespace attn
