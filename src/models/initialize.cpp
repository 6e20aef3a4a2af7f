#include "models/initialize.h"

#include <algorithm>
#include <cmath>

#include "base/random.h"

namespace attn {

namespace {

std::uint64_t hash_of(const std::string& name) {
  std::uint64_t hash = 0;
  for (const char c : name) hash = mix64(hash ^ static_cast<unsigned char>(c));
  return hash;
}

void fill_normal(const NamedParameter& parameter, const RandomStream& random, double deviation) {
  for (std::int64_t i = 0; i < parameter.tensor.size(); ++i) {
    parameter.tensor.data[i] = static_cast<float>(deviation * random.normal(static_cast<std::uint64_t>(i)));
  }
}

void fill_xavier(const NamedParameter& parameter, const RandomStream& random) {
  const auto& tensor = parameter.tensor;
  const double bound = std::sqrt(6.0 / static_cast<double>(tensor.rows() + tensor.columns()));
  for (std::int64_t i = 0; i < tensor.size(); ++i) {
    tensor.data[i] = static_cast<float>(bound * (2.0 * random.uniform(static_cast<std::uint64_t>(i)) - 1.0));
  }
}

}  // namespace

void initialize(Parameters& parameters, const ModelConfig& config, std::uint64_t seed) {
  constexpr double kDeviation = 0.02;
  const bool of_2017 = config.architecture == Architecture::transformer;
  const bool pre_norm = config.norm_place == NormPlace::pre;
  const double residual = pre_norm ? kDeviation / std::sqrt(2.0 * (config.layers + config.decoder_layers)) : kDeviation;
  const double embedding = of_2017 ? 1.0 / std::sqrt(config.d_model) : kDeviation;

  for (const NamedParameter& parameter : parameters.list()) {
    const RandomStream random = RandomStream(seed, RandomPurpose::initialize).derive(hash_of(parameter.name));
    switch (parameter.role) {
      case ParameterRole::gain:
        std::fill_n(parameter.tensor.data, parameter.tensor.size(), 1.0f);
        break;
      case ParameterRole::bias:
        std::fill_n(parameter.tensor.data, parameter.tensor.size(), 0.0f);
        break;
      case ParameterRole::positions:
        fill_normal(parameter, random, kDeviation);
        break;
      case ParameterRole::embedding:
        fill_normal(parameter, random, embedding);
        break;
      case ParameterRole::matrix:
      case ParameterRole::residual_output:
        if (of_2017) {
          fill_xavier(parameter, random);
        } else {
          fill_normal(parameter, random, parameter.role == ParameterRole::matrix ? kDeviation : residual);
        }
    }
  }
}

}  // namespace attn
