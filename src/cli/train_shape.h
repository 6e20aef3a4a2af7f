#pragma once
// What every family's models have in common: width, heads, layers and what a layer is made of.

#include "cli/train_defaults.h"
#include "cli/train_options.h"
#include "models/config.h"

namespace attn {

/// What a family's models are like unless somebody says otherwise.
struct FamilyDefaults {
  Positions positions = Positions::learned;
  NormKind norm = NormKind::layer;
  NormPlace norm_place = NormPlace::pre;
  FeedForwardKind feed_forward = FeedForwardKind::gelu;
  Activation gelu = Activation::gelu_tanh;  // which one --activation gelu means
  bool tied = true;
  bool biases = true;
};

/// Settles every model option that is open, --context and --dropout apart, and returns the model they describe.
/// --context is settled already. Throws Error (usage) if what was said does not fit together.
ModelConfig settle_shape(TrainOptions& options, const FamilyDefaults& family, const ModelSize& size, int vocabulary);

/// Takes the model options over from a model that training starts from; its context is the default of --context. Throws
/// Error (usage) where the command line says otherwise, or if model and tokenizer do not belong together.
void adopt_model(TrainOptions& options, const ModelConfig& config, int vocabulary);

/// Weights that every token passes in one layer, cross-attention apart.
double layer_weights(const ModelConfig& config);

}  // namespace attn
