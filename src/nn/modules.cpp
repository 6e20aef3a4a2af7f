#include "nn/modules.h"

namespace attn {

Linear::Linear(std::int64_t in, std::int64_t out, bool with_bias, ParameterRole weight_role)
    : role(weight_role), has_bias(with_bias) {
  weight.shape = Shape::matrix(out, in);
  if (has_bias) bias.shape = Shape::vector(out);
}

void Linear::visit(const std::string& prefix, const ParameterVisitor& visitor) {
  visitor(prefix + ".weight", weight, role);
  if (has_bias) visitor(prefix + ".bias", bias, ParameterRole::bias);
}

Norm::Norm(std::int64_t columns, NormKind norm_kind, float epsilon, bool with_bias)
    : kind(norm_kind), eps(epsilon), has_bias(with_bias && norm_kind == NormKind::layer) {
  gain.shape = Shape::vector(columns);
  if (has_bias) bias.shape = Shape::vector(columns);
}

void Norm::visit(const std::string& prefix, const ParameterVisitor& visitor) {
  visitor(prefix + ".weight", gain, ParameterRole::gain);
  if (has_bias) visitor(prefix + ".bias", bias, ParameterRole::bias);
}

}  // namespace attn
