// Every family in every combination of its settings: counted, and some saved and loaded.

#include <doctest/doctest.h>

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "base/error.h"
#include "models/folder.h"
#include "support/temporary_folder.h"

namespace attn {
namespace {

ModelConfig small_config(Architecture architecture) {
  ModelConfig config;
  config.architecture = architecture;
  config.vocabulary = 11;
  config.context = 6;
  config.layers = 2;
  config.heads = config.kv_heads = 2;
  config.d_model = 8;
  config.d_head = 4;
  config.d_ff = 12;
  config.pad_id = 1;
  config.end_id = 2;
  if (architecture == Architecture::transformer) config.decoder_layers = 3;
  if (architecture == Architecture::bert) config.head = Head::masked;
  return config;
}

using Configs = std::vector<ModelConfig>;

/// Each of the configurations as it is and with `change` made to it.
template <class Change>
Configs doubled(const Configs& configs, const Change& change) {
  Configs result = configs;
  for (ModelConfig config : configs) {
    change(config);
    result.push_back(config);
  }
  return result;
}

Configs combinations(Architecture architecture) {
  Configs configs = {small_config(architecture)};
  const auto vary = [&configs](const auto& change) { configs = doubled(configs, change); };
  if (architecture == Architecture::bert) {
    vary([](ModelConfig& c) { c.type_vocabulary = 2; });
    const Configs masked = configs;
    for (ModelConfig config : masked) {
      config.head = Head::none;
      configs.push_back(config);
      config.head = Head::classifier;
      config.labels = {"a", "b", "c"};
      configs.push_back(config);
    }
    vary([](ModelConfig& c) { c.pooling = Pooling::mean; });
  }
  vary([](ModelConfig& c) { c.norm_place = NormPlace::post; });
  vary([](ModelConfig& c) { c.norm = NormKind::rms; });
  vary([](ModelConfig& c) { c.tied = false; });
  vary([](ModelConfig& c) { c.biases = false; });
  vary([](ModelConfig& c) { c.gated = true, c.activation = Activation::none; });
  vary([](ModelConfig& c) { c.kv_heads = 1, c.d_head = 6; });
  vary([](ModelConfig& c) { c.positions = Positions::sinusoidal, c.scaled_embedding = true; });
  return configs;
}

/// Different numbers everywhere, so that a mistaken place shows.
void fill(const Parameters& parameters) {
  float number = 0;
  for (const NamedParameter& parameter : parameters.list()) {
    for (std::int64_t i = 0; i < parameter.tensor.size(); ++i) parameter.tensor.data[i] = number += 0.25f;
  }
}

bool same_weights(const Parameters& a, const Parameters& b) {
  return std::equal(a.list().begin(), a.list().end(), b.list().begin(), b.list().end(),
                    [](const NamedParameter& x, const NamedParameter& y) {
                      return x.name == y.name && x.tensor.shape == y.tensor.shape &&
                             std::equal(x.tensor.data, x.tensor.data + x.tensor.size(), y.tensor.data);
                    });
}

template <class Model>
void check_counts(Architecture architecture) {
  for (const ModelConfig& config : combinations(architecture)) {
    CAPTURE(config_to_json(config));
    REQUIRE(parameter_count(config) == static_cast<double>(Model(config).parameters().count()));
  }
}

/// Of one combination in 23, because files take their time.
template <class Model>
void check_folders(Architecture architecture, std::unique_ptr<Model> (*load)(const ModelFolder&)) {
  const TemporaryFolder folder;
  const Configs configs = combinations(architecture);
  for (std::size_t i = 0; i < configs.size(); i += 23) {
    CAPTURE(config_to_json(configs[i]));
    const Model model(configs[i]);
    fill(model.parameters());
    save_model(folder.path(), configs[i], model.parameters().list());
    const std::unique_ptr<Model> loaded = load(ModelFolder(folder.path()));
    REQUIRE(same_weights(loaded->parameters(), model.parameters()));
    REQUIRE(transformers_class(loaded->config()) == transformers_class(configs[i]));
    if (transformers_class(configs[i]).empty()) REQUIRE(loaded->config() == configs[i]);
  }
}

}  // namespace

TEST_CASE("combinations: every model has as many parameters as parameter_count says") {
  check_counts<DecoderModel>(Architecture::gpt2);
  check_counts<DecoderModel>(Architecture::llama);
  check_counts<EncoderModel>(Architecture::bert);
  check_counts<EncoderDecoderModel>(Architecture::transformer);
}

TEST_CASE("combinations: models of every family come back from their folders") {
  check_folders(Architecture::gpt2, load_decoder);
  check_folders(Architecture::llama, load_decoder);
  check_folders(Architecture::bert, load_encoder);
  check_folders(Architecture::transformer, load_encoder_decoder);
}

}  // namespace attn
