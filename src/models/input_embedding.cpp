#include "models/input_embedding.h"

#include <algorithm>
#include <cmath>

#include "autograd/embedding.h"
#include "nn/positions.h"

namespace attn {

InputEmbedding::InputEmbedding(const ModelConfig& config)
    : scale(config.scaled_embedding ? std::sqrt(static_cast<float>(config.d_model)) : 1.0f),
      has_norm(config.architecture == Architecture::bert && config.norm_place == NormPlace::post) {
  tokens.shape = Shape::matrix(config.vocabulary, config.d_model);
  if (config.positions == Positions::learned || config.positions == Positions::sinusoidal) {
    positions.shape = Shape::matrix(config.context, config.d_model);
  }
  if (config.positions == Positions::sinusoidal) {
    computed_positions = sinusoidal_positions(config.context, config.d_model);
    positions.data = computed_positions.data();
  }
  if (config.type_vocabulary > 0) types.shape = Shape::matrix(config.type_vocabulary, config.d_model);
  if (has_norm) norm = Norm(config.d_model, config.norm, config.norm_eps, config.biases);
}

void InputEmbedding::visit(const ParameterVisitor& visitor) {
  visitor("embedding.weight", tokens, ParameterRole::embedding);
  if (positions.shape.size() > 0 && computed_positions.empty()) {
    visitor("positions.weight", positions, ParameterRole::positions);
  }
  if (types.shape.size() > 0) visitor("types.weight", types, ParameterRole::embedding);
  if (has_norm) norm.visit("embedding_norm", visitor);
}

Tensor InputEmbedding::forward(Context& context, const TokenBatch& batch, float dropout_rate) const {
  const std::int64_t n = batch.sequences.tokens();
  Lookup type_rows{types, batch.types};
  if (types && !batch.types) {
    auto* first_type = context.arena.array<std::int32_t>(static_cast<std::size_t>(n));
    std::fill_n(first_type, n, 0);
    type_rows.ids = first_type;
  }
  const Tensor sum = embedding(context, n, {tokens, batch.ids}, scale, {positions, batch.sequences.positions},
                               type_rows, dropout_rate);
  return has_norm ? norm(context, sum, {}, 0).normed : sum;
}

}  // namespace attn
