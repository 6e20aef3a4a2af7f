#pragma once
// The decoder-only language model: GPT-2 and LLaMA are two settings of it.

#include <memory>

#include "models/config.h"
#include "models/input_embedding.h"
#include "models/layer_stack.h"
#include "nn/cache.h"
#include "tensor/parameters.h"

namespace attn {

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
  Tensor output_weight() const { return config_.tied ? embedding_.tokens : output_; }

 private:
  void visit(const ParameterVisitor& visitor);

  ModelConfig config_;
  InputEmbedding embedding_;
  LayerStack stack_;
  Tensor output_;  // (V, C), untied only
  std::unique_ptr<Parameters> parameters_;
};

}  // namespace attn
