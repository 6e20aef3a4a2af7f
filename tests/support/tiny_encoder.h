#pragma once
// Tiny encoders with random weights, and example files for them.

#include <memory>
#include <string>
#include <vector>

#include "base/random.h"
#include "models/encoder.h"
#include "text/example_file.h"

namespace attn {

/// Vocabulary 12: [PAD] [UNK] [CLS] [SEP] [MASK], and seven ordinary tokens.
inline ModelConfig tiny_encoder_config(Head head) {
  ModelConfig config;
  config.architecture = Architecture::bert;
  config.vocabulary = 12;
  config.context = 16;
  config.layers = 2;
  config.heads = config.kv_heads = 2;
  config.d_model = 16;
  config.d_head = 8;
  config.d_ff = 24;
  config.norm_place = NormPlace::post;
  config.activation = Activation::gelu;
  config.type_vocabulary = 2;
  config.head = head;
  config.pad_id = 0;
  if (head == Head::classifier) config.labels = {"no", "yes"};
  return config;
}

inline std::unique_ptr<EncoderModel> random_encoder(const ModelConfig& config, float deviation = 0.3f) {
  auto model = std::make_unique<EncoderModel>(config);
  const RandomStream random(3, RandomPurpose::initialize);
  std::uint64_t counter = 0;
  for (const NamedParameter& parameter : model->parameters().list()) {
    const float mean = parameter.role == ParameterRole::gain ? 1.0f : 0.0f;
    for (std::int64_t i = 0; i < parameter.tensor.size(); ++i) {
      parameter.tensor.data[i] = mean + deviation * static_cast<float>(random.normal(counter++));
    }
  }
  return model;
}

using ExampleFields = std::vector<std::vector<std::int32_t>>;

/// [CLS], `count` ordinary tokens that depend on the seed, [SEP].
inline std::vector<std::int32_t> random_encoder_text(std::uint64_t seed, std::int64_t count) {
  const RandomStream random = RandomStream(11, RandomPurpose::data).derive(seed);
  std::vector<std::int32_t> ids{2};
  for (std::int64_t i = 0; i < count; ++i) {
    ids.push_back(5 + static_cast<std::int32_t>(random.below(static_cast<std::uint64_t>(i), 7)));
  }
  ids.push_back(3);
  return ids;
}

inline ExampleFile write_example_file(const std::string& path, const std::vector<ExampleFields>& examples) {
  ExampleFileWriter writer(path, static_cast<int>(examples.at(0).size()), 12);
  for (const ExampleFields& example : examples) writer.add(example);
  writer.commit();
  return ExampleFile(path, 12);
}

}  // namespace attn
