#pragma once
// From token ids to the states that enter the first layer.

#include <vector>

#include "models/config.h"
#include "nn/modules.h"
#include "nn/sequences.h"

namespace attn {

/// The sum of a token's, its position's and its type's embedding; in post-norm encoders normalised (Devlin et al. 2018).
struct InputEmbedding {
  Tensor tokens;                          // (V, C)
  Tensor positions;                       // (context, C): learned or computed; empty if rotary or none
  Tensor types;                           // (type vocabulary, C), or empty
  Norm norm;                              // of BERT only
  std::vector<float> computed_positions;  // (context, C), sinusoidal only
  float scale = 1;                        // of the tokens' embeddings
  bool has_norm = false;

  explicit InputEmbedding(const ModelConfig& config);
  InputEmbedding(const InputEmbedding&) = delete;
  InputEmbedding& operator=(const InputEmbedding&) = delete;

  void visit(const ParameterVisitor& visitor);
  /// → (N, C).
  Tensor forward(Context& context, const TokenBatch& batch, float dropout_rate) const;
};

}  // namespace attn
