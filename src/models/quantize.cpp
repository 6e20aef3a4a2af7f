#include "models/quantize.h"

namespace attn {

namespace {

bool is_multiplied(const NamedParameter& parameter, const ModelConfig& config) {
  return parameter.role == ParameterRole::matrix || parameter.role == ParameterRole::residual_output ||
         (config.tied && parameter.name == "embedding.weight");
}

}  // namespace

std::int64_t multiplied_weights(const Parameters& parameters, const ModelConfig& config) {
  std::int64_t count = 0;
  for (const NamedParameter& parameter : parameters.list()) {
    if (is_multiplied(parameter, config)) count += parameter.tensor.size();
  }
  return count;
}

void quantize(Parameters& parameters, const ModelConfig& config) {
  parameters.quantize([&](const NamedParameter& parameter) { return is_multiplied(parameter, config); });
}

}  // namespace attn
