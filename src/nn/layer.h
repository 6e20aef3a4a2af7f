#pragma once
// One Transformer layer: self-attention and feed-forward, each with its residual connection and norm, the
// norm before (GPT-2, LLaMA) or after the sublayer (Vaswani et al. 2017, BERT).

#include <string>

#include "nn/feed_forward.h"
#include "nn/multi_head_attention.h"

namespace attn {

/// The residual stream between layers. In pre-norm models the last sublayer's output is added by the next
/// norm, which reads the stream anyway; until then it is `pending`.
struct ResidualStream {
  Tensor x;        // (N, C)
  Tensor pending;  // (N, C), or empty
};

struct LayerOptions {
  bool pre_norm = true;
  bool causal = false;
  float dropout = 0;
  const RotaryAngles* angles = nullptr;  // null: positions are in the embeddings
  AttentionPlace place;
};

struct TransformerLayer {
  Norm attention_norm;
  SelfAttention attention;
  Norm feed_forward_norm;
  FeedForward feed_forward;

  void visit(const std::string& prefix, const ParameterVisitor& visitor);
  ResidualStream forward(Context& context, ResidualStream stream, const Sequences& sequences,
                         const LayerOptions& options) const;
};

}  // namespace attn
