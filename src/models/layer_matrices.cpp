#include "models/layer_matrices.h"

namespace attn {

namespace {

// The rows of each projection that this parameter packs.
std::vector<std::int64_t> packed_rows(const ModelConfig& config, const NamedParameter& parameter) {
  const std::int64_t queries = std::int64_t{config.heads} * config.d_head;
  const std::int64_t keys = std::int64_t{config.kv_heads} * config.d_head;
  if (parameter.name.ends_with(".attention.qkv.weight")) return {queries, keys, keys};
  if (parameter.name.ends_with(".cross_attention.key_value.weight")) return {keys, keys};
  if (config.gated && parameter.name.ends_with(".feed_forward.up.weight")) return {config.d_ff, config.d_ff};
  return {parameter.tensor.rows()};
}

}  // namespace

std::vector<LayerMatrix> layer_matrices(const ModelConfig& config, std::span<const NamedParameter> parameters) {
  std::vector<LayerMatrix> matrices;
  for (const NamedParameter& parameter : parameters) {
    const bool is_matrix = parameter.role == ParameterRole::matrix || parameter.role == ParameterRole::residual_output;
    if (!is_matrix || parameter.name.find("layers.") == std::string::npos) continue;
    std::int64_t offset = parameter.offset;
    for (const std::int64_t rows : packed_rows(config, parameter)) {
      matrices.push_back({offset, rows, parameter.tensor.columns()});
      offset += rows * parameter.tensor.columns();
    }
  }
  return matrices;
}

}  // namespace attn
