#include "models/quantize.h"

namespace attn {

void quantize(Parameters& parameters, const ModelConfig& config) {
  parameters.quantize([&](const NamedParameter& parameter) {
    return parameter.role == ParameterRole::matrix || parameter.role == ParameterRole::residual_output ||
           (config.tied && parameter.name == "embedding.weight");
  });
}

}  // namespace attn
