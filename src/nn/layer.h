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
  const Source* source = nullptr;        // what cross-attention sees; null: the layer has none
  AttentionPlace place;
};

/// Self-attention, cross-attention in the decoder of an encoder-decoder model, and the feed-forward layer, each behind
/// or before a norm (Vaswani et al. 2017, section 3.1).
struct TransformerLayer {
  Norm attention_norm;
  SelfAttention attention;
  Norm feed_forward_norm;
  FeedForward feed_forward;
  Norm cross_norm;
  CrossAttention cross_attention;
  bool has_cross_attention = false;

  void visit(const std::string& prefix, const ParameterVisitor& visitor);
  ResidualStream forward(Context& context, ResidualStream stream, const Sequences& sequences,
                         const LayerOptions& options) const;

 private:
  ResidualStream forward_pre_norm(Context& context, ResidualStream stream, const Sequences& sequences,
                                  const LayerOptions& options) const;
  Tensor forward_post_norm(Context& context, Tensor x, const Sequences& sequences, const LayerOptions& options) const;
  Tensor attend(Context& context, Tensor x, const Sequences& sequences, const LayerOptions& options) const;
  Tensor look_at_source(Context& context, Tensor x, const Sequences& sequences, const LayerOptions& options) const;
};

}  // namespace attn
