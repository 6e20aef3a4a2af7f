#pragma once
// The decoder-only language model: GPT-2 and LLaMA are two settings of it.

#include <cstdint>
#include <memory>
#include <vector>

#include "models/config.h"
#include "nn/cache.h"
#include "nn/layer.h"
#include "nn/positions.h"
#include "tensor/parameters.h"

namespace attn {

/// A batch of token ids; the arrays live as long as the pass.
struct TokenBatch {
  Sequences sequences;
  const std::int32_t* ids = nullptr;  // (N)
};

class DecoderModel {
 public:
  /// All parameters zero; see initialize() and the folder format. Throws Error if the configuration is
  /// impossible.
  explicit DecoderModel(const ModelConfig& config);
  DecoderModel(const DecoderModel&) = delete;
  DecoderModel& operator=(const DecoderModel&) = delete;

  const ModelConfig& config() const { return config_; }
  Parameters& parameters() { return *parameters_; }
  const Parameters& parameters() const { return *parameters_; }

  /// States of the last layer after the final norm, (N, C). With a cache in the context, tokens are appended
  /// to it.
  Tensor hidden(Context& context, const TokenBatch& batch) const;
  /// hidden (N, C) → logits (N, V).
  Tensor logits(Context& context, Tensor hidden) const;
  /// The matrix of the output projection, (V, C).
  Tensor output_weight() const { return config_.tied ? embedding_ : output_; }

 private:
  void visit(const ParameterVisitor& visitor);

  ModelConfig config_;
  Tensor embedding_;                    // (V, C)
  Tensor positions_;                    // (context, C): learned or computed; empty if rotary or none
  std::vector<float> fixed_positions_;  // (context, C), sinusoidal only
  RotaryAngles angles_;
  std::vector<TransformerLayer> layers_;
  Norm final_norm_;  // pre-norm only
  Tensor output_;    // (V, C), untied only
  std::unique_ptr<Parameters> parameters_;
};

}  // namespace attn
