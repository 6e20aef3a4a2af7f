#pragma once
// The Transformer of "Attention Is All You Need" (Vaswani et al. 2017): an encoder reads the source, a decoder writes
// the target and looks at the encoder's states. Source, target and output share one embedding.

#include <memory>

#include "models/config.h"
#include "models/input_embedding.h"
#include "models/layer_stack.h"
#include "nn/cache.h"
#include "tensor/parameters.h"

namespace attn {

class EncoderDecoderModel {
 public:
  /// All parameters zero; see initialize() and the folder format. Throws Error if the configuration is impossible.
  explicit EncoderDecoderModel(const ModelConfig& config);
  EncoderDecoderModel(const EncoderDecoderModel&) = delete;
  EncoderDecoderModel& operator=(const EncoderDecoderModel&) = delete;

  const ModelConfig& config() const { return config_; }
  Parameters& parameters() { return *parameters_; }
  const Parameters& parameters() const { return *parameters_; }

  /// States of the source's tokens, which end with the end token: (N_S, C).
  Tensor encode(Context& context, const TokenBatch& source) const;
  /// Keys and values of these states for every layer of the decoder, to be computed once where the decoder runs token
  /// by token: (decoder layers) of (N_S, 2·H_kv·D), in the arena.
  const Tensor* project(Context& context, Tensor states) const { return decoder_.project_source(context, states); }
  /// States of the target's tokens, which begin with the start token, (N, C): row t predicts token t + 1. With a cache
  /// in the context, tokens are appended to it.
  Tensor decode(Context& context, const TokenBatch& target, const Source& source) const;
  /// hidden (N, C) → logits (N, V).
  Tensor logits(Context& context, Tensor hidden) const;
  /// The output projection: (V, C), and (V) or empty.
  Tensor output_weight() const { return config_.tied ? embedding_.tokens : output_; }
  Tensor output_bias() const { return bias_; }

 private:
  void visit(const ParameterVisitor& visitor);

  ModelConfig config_;
  InputEmbedding embedding_;
  LayerStack encoder_, decoder_;
  Tensor output_;  // (V, C), untied only
  Tensor bias_;    // (V), with biases only
  std::unique_ptr<Parameters> parameters_;
};

}  // namespace attn
