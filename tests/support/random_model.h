#pragma once
// Tiny models with random weights, large enough that every part of them shows in the logits.

#include <memory>

#include "base/random.h"
#include "models/decoder.h"
#include "models/encoder_decoder.h"

namespace attn {

inline ModelConfig tiny_config(Architecture architecture, int context) {
  ModelConfig config;
  config.architecture = architecture;
  config.vocabulary = 23;
  config.context = context;
  config.layers = 2;
  config.heads = 4;
  config.kv_heads = 4;
  config.d_model = 16;
  config.d_head = 4;
  config.d_ff = 24;
  if (architecture == Architecture::llama) {
    config.kv_heads = 2;
    config.positions = Positions::rotary;
    config.norm = NormKind::rms;
    config.gated = true;
    config.biases = false;
    config.tied = false;
  } else if (architecture == Architecture::transformer) {
    config.decoder_layers = 2;
    config.positions = Positions::sinusoidal;
    config.norm_place = NormPlace::post;
    config.activation = Activation::relu;
    config.scaled_embedding = true;
    config.pad_id = 0;
    config.end_id = 1;
  }
  return config;
}

template <class Model = DecoderModel>
std::unique_ptr<Model> random_model(const ModelConfig& config, std::uint64_t seed = 3) {
  auto model = std::make_unique<Model>(config);
  const RandomStream random(seed, RandomPurpose::initialize);
  std::uint64_t counter = 0;
  for (const NamedParameter& parameter : model->parameters().list()) {
    const float mean = parameter.role == ParameterRole::gain ? 1.0f : 0.0f;
    for (std::int64_t i = 0; i < parameter.tensor.size(); ++i) {
      parameter.tensor.data[i] = mean + 0.3f * static_cast<float>(random.normal(counter++));
    }
  }
  return model;
}

}  // namespace attn
