#include "models/ablation.h"

#include <algorithm>

#include "base/error.h"

namespace attn {

namespace {

std::string output_weight_name(const ModelConfig& config, AttentionKind kind, int layer) {
  const bool two_stacks = config.architecture == Architecture::transformer;
  const std::string stack = !two_stacks ? "" : kind == AttentionKind::encoder ? "encoder." : "decoder.";
  const char* const module = kind == AttentionKind::cross ? ".cross_attention" : ".attention";
  return stack + "layers." + std::to_string(layer) + module + ".output.weight";
}

}  // namespace

std::vector<AttentionKind> attention_kinds(const ModelConfig& config) {
  if (config.architecture == Architecture::transformer) {
    return {AttentionKind::encoder, AttentionKind::decoder, AttentionKind::cross};
  }
  return {config.architecture == Architecture::bert ? AttentionKind::encoder : AttentionKind::decoder};
}

int attention_layers(const ModelConfig& config, AttentionKind kind) {
  const std::vector<AttentionKind> kinds = attention_kinds(config);
  if (std::find(kinds.begin(), kinds.end(), kind) == kinds.end()) return 0;
  return kinds.size() > 1 && kind != AttentionKind::encoder ? config.decoder_layers : config.layers;
}

std::vector<HeadPlace> all_heads(const ModelConfig& config) {
  std::vector<HeadPlace> places;
  for (const AttentionKind kind : attention_kinds(config)) {
    for (int layer = 0; layer < attention_layers(config, kind); ++layer) {
      for (int head = 0; head < config.heads; ++head) places.push_back({kind, layer, head});
    }
  }
  return places;
}

void switch_off(Parameters& parameters, const ModelConfig& config, const HeadPlace& place) {
  const int layers = attention_layers(config, place.kind);
  if (layers == 0) fail("the model has no attention of that kind");
  if (place.layer >= layers) fail("layer ", place.layer, ": the model has layers 0 to ", layers - 1);
  if (place.head >= config.heads) fail("head ", place.head, ": the model has heads 0 to ", config.heads - 1);
  const std::int64_t begin = place.head < 0 ? 0 : std::int64_t{place.head} * config.d_head;
  const std::int64_t columns = place.head < 0 ? std::int64_t{config.heads} * config.d_head : config.d_head;
  for (int layer = std::max(place.layer, 0); layer < (place.layer < 0 ? layers : place.layer + 1); ++layer) {
    const NamedParameter* weight = parameters.find(output_weight_name(config, place.kind, layer));
    if (weight == nullptr) fail("the model has no ", output_weight_name(config, place.kind, layer));
    for (std::int64_t row = 0; row < weight->tensor.rows(); ++row) {
      std::fill_n(weight->tensor.data + row * weight->tensor.columns() + begin, columns, 0.0f);
    }
  }
}

}  // namespace attn
