#include "models/initialize.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <set>
#include <string>
#include <vector>

#include "models/decoder.h"
#include "models/encoder.h"
#include "models/encoder_decoder.h"

namespace attn {
namespace {

/// Large enough for statistics, 3 encoder and 2 decoder layers.
ModelConfig large_config(Architecture architecture) {
  ModelConfig config;
  config.architecture = architecture;
  config.vocabulary = 700;
  config.context = 200;
  config.layers = 3;
  config.heads = config.kv_heads = 4;
  config.d_model = 64;
  config.d_head = 16;
  config.d_ff = 96;
  if (architecture == Architecture::transformer) {
    config.decoder_layers = 2;
    config.positions = Positions::sinusoidal;
    config.norm_place = NormPlace::post;
    config.activation = Activation::relu;
    config.scaled_embedding = true;
    config.end_id = 0;
    config.pad_id = 1;
  }
  if (architecture == Architecture::bert) {
    config.norm_place = NormPlace::post;
    config.type_vocabulary = 40;
    config.head = Head::masked;
  }
  return config;
}

using Distribution = std::function<double(double)>;  // P(X <= x)

Distribution normal(double deviation) {
  return [deviation](double x) { return 0.5 * std::erfc(-x / (deviation * std::sqrt(2.0))); };
}

Distribution uniform(double bound) {
  return [bound](double x) { return std::clamp((x + bound) / (2 * bound), 0.0, 1.0); };
}

/// The largest distance between the numbers' distribution and the expected one, times √n (Kolmogorov-Smirnov): above
/// 1.95 for one sample in a thousand.
double misfit(const Tensor& tensor, const Distribution& expected) {
  std::vector<float> sorted(tensor.data, tensor.data + tensor.size());
  std::sort(sorted.begin(), sorted.end());
  const double n = static_cast<double>(sorted.size());
  double largest = 0;
  for (std::size_t i = 0; i < sorted.size(); ++i) {
    const double probability = expected(static_cast<double>(sorted[i]));
    const double rank = static_cast<double>(i);
    largest = std::max({largest, probability - rank / n, (rank + 1) / n - probability});
  }
  return largest * std::sqrt(n);
}

bool all_are(const Tensor& tensor, float value) {
  return std::all_of(tensor.data, tensor.data + tensor.size(), [value](float x) { return x == value; });
}

/// Every parameter of a model of this configuration: gains 1, biases 0, the rest as `expected` says for its name and
/// tensor. No two share numbers.
template <class Model>
void check_initialized(const ModelConfig& config,
                       const std::function<Distribution(const std::string&, const Tensor&)>& expected) {
  Model model(config);
  initialize(model.parameters(), config, 5);
  std::set<float> first_numbers;
  std::size_t random = 0;
  for (const NamedParameter& parameter : model.parameters().list()) {
    CAPTURE(parameter.name);
    if (parameter.name.ends_with("norm.weight")) {
      CHECK(all_are(parameter.tensor, 1));
    } else if (parameter.name.ends_with(".bias")) {
      CHECK(all_are(parameter.tensor, 0));
    } else {
      CHECK(misfit(parameter.tensor, expected(parameter.name, parameter.tensor)) < 1.95);
      CHECK(first_numbers.insert(parameter.tensor.data[0]).second);
      ++random;
    }
  }
  CHECK(random > 8);
}

/// The bound of Xavier's uniform distribution: the variance is 2 / (inputs + outputs).
Distribution xavier(const Tensor& tensor) {
  return uniform(std::sqrt(3.0 * 2.0 / static_cast<double>(tensor.columns() + tensor.rows())));
}

Distribution of_transformer(const std::string& name, const Tensor& tensor) {
  if (name == "embedding.weight") return normal(0.125);  // 64^-0.5
  return xavier(tensor);
}

}  // namespace

TEST_CASE("initialize: the Transformer of 2017 is Xavier's, cross-attention included, its embedding normal") {
  const ModelConfig config = large_config(Architecture::transformer);
  check_initialized<EncoderDecoderModel>(config, of_transformer);
  ModelConfig untied = config;
  untied.tied = false;
  untied.norm_place = NormPlace::pre;
  check_initialized<EncoderDecoderModel>(untied, of_transformer);

  const EncoderDecoderModel model(config);
  for (const char* name : {"query.weight", "key_value.weight", "output.weight"}) {
    CHECK(model.parameters().find(std::string("decoder.layers.1.cross_attention.") + name) != nullptr);
  }
}

TEST_CASE("initialize: BERT is normal with deviation 0.02, its heads too") {
  const auto of_bert = [](const std::string&, const Tensor&) { return normal(0.02); };
  ModelConfig config = large_config(Architecture::bert);
  check_initialized<EncoderModel>(config, of_bert);
  config.tied = false;
  check_initialized<EncoderModel>(config, of_bert);
  config.head = Head::classifier;
  config.labels = {"a", "b", "c", "d", "e"};
  check_initialized<EncoderModel>(config, of_bert);
  config.pooling = Pooling::mean;
  check_initialized<EncoderModel>(config, of_bert);
  config.head = Head::none;
  config.labels.clear();
  check_initialized<EncoderModel>(config, of_bert);
}

TEST_CASE("initialize: pre-norm models divide what is added to the stream by the root of the number of sublayers") {
  const auto of_pre_norm = [](const std::string& name, const Tensor&) {
    const bool residual = name.ends_with("attention.output.weight") || name.ends_with("down.weight");
    return normal(residual ? 0.02 / std::sqrt(6.0) : 0.02);
  };
  check_initialized<DecoderModel>(large_config(Architecture::gpt2), of_pre_norm);
  ModelConfig bert = large_config(Architecture::bert);
  bert.norm_place = NormPlace::pre;
  check_initialized<EncoderModel>(bert, of_pre_norm);
}

TEST_CASE("initialize: a number depends on seed, name and place alone") {
  const ModelConfig config = large_config(Architecture::transformer);
  ModelConfig deeper = config;
  deeper.layers = 5;
  EncoderDecoderModel model(config), same(config), other(config), larger(deeper);
  initialize(model.parameters(), config, 5);
  initialize(same.parameters(), config, 5);
  initialize(other.parameters(), config, 6);
  initialize(larger.parameters(), deeper, 5);
  for (const NamedParameter& parameter : model.parameters().list()) {
    CAPTURE(parameter.name);
    const auto equals = [&](const EncoderDecoderModel& twin) {
      const Tensor& tensor = twin.parameters().find(parameter.name)->tensor;
      return std::equal(tensor.data, tensor.data + tensor.size(), parameter.tensor.data);
    };
    const bool constant = !is_decayed(parameter.role);  // a bias or a gain
    CHECK(equals(same));
    CHECK(equals(larger));
    CHECK(equals(other) == constant);
  }
}

}  // namespace attn
