#pragma once
// The queries, keys and values of one head of a trained model, for a text.

#include "autograd/context.h"
#include "inspection/composed_attention.h"
#include "models/config.h"
#include "nn/sequences.h"
#include "tensor/parameters.h"

namespace attn {

/// The one head that is explained.
struct ExplainedHead {
  AttentionKind kind = AttentionKind::decoder;
  int layer = 0;
  int head = 0;
};

struct HeadVectors {
  Matrix query, key, value;  // (T, D), (S, D), (S, D); rotated if the model rotates
};

/// What the head sees, from the model's parameters and what enters its layer. `text`: one sequence of the tokens that
/// ask. `source`: what the decoder of an encoder-decoder model looks at, else null. Throws Error for a cross-attention
/// in a pre-norm model, a combination that no saved class has.
HeadVectors head_vectors(Context& context, const ModelConfig& config, const Parameters& parameters, ExplainedHead place,
                         const TokenBatch& text, const Source* source);

}  // namespace attn
