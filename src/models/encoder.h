#pragma once
// The encoder-only model: BERT (Devlin et al. 2018) is a setting of it. What stands on top is its head: the prediction
// of masked tokens, a classifier, or nothing, where the states themselves are wanted.

#include <memory>

#include "models/config.h"
#include "models/input_embedding.h"
#include "models/layer_stack.h"
#include "tensor/parameters.h"

namespace attn {

class EncoderModel {
 public:
  /// All parameters zero; see initialize() and the folder format. Throws Error if the configuration is impossible.
  explicit EncoderModel(const ModelConfig& config);
  EncoderModel(const EncoderModel&) = delete;
  EncoderModel& operator=(const EncoderModel&) = delete;

  const ModelConfig& config() const { return config_; }
  Parameters& parameters() { return *parameters_; }
  const Parameters& parameters() const { return *parameters_; }

  /// States of the last layer, (N, C).
  Tensor hidden(Context& context, const TokenBatch& batch) const;

  /// Head::masked: the states of masked tokens, ready for the output projection: hidden (n, C) → (n, C).
  Tensor masked_states(Context& context, Tensor hidden) const;
  /// The output projection of Head::masked: (V, C), and (V) or empty.
  Tensor output_weight() const { return config_.tied ? embedding_.tokens : output_; }
  Tensor output_bias() const { return output_bias_; }

  /// One vector a text, (N, C) → (B, C): the first token's state, behind BERT's pooler if the model has one, or the mean
  /// of all tokens' states.
  Tensor pooled(Context& context, Tensor hidden, const Sequences& sequences) const;
  /// Head::classifier: (labels, C) and (labels).
  Tensor classifier_weight() const { return classifier_.weight; }
  Tensor classifier_bias() const { return classifier_.bias; }
  /// pooled (B, C) → logits (B, labels).
  Tensor classify(Context& context, Tensor pooled) const { return classifier_(context, pooled); }

 private:
  void visit(const ParameterVisitor& visitor);

  ModelConfig config_;
  InputEmbedding embedding_;
  LayerStack stack_;
  Linear transform_;     // masked only, (C, C)
  Norm transform_norm_;  // masked only
  Tensor output_;        // (V, C), masked and untied only
  Tensor output_bias_;   // (V), masked with biases only
  Linear pooler_;        // classifier on the first token only, (C, C)
  Linear classifier_;    // classifier only, (labels, C)
  std::unique_ptr<Parameters> parameters_;
};

}  // namespace attn
