#include "cli/model_use.h"

#include "cli/ablation_option.h"
#include "models/quantize.h"

namespace attn {

namespace {

constexpr std::pair<std::string_view, Precision> kPrecisions[] = {{"f32", Precision::f32}, {"int8", Precision::int8}};

}  // namespace

void ModelUse::visit(OptionTable& options) {
  add_ablation_option(options, ablated);
  options.add(precision, kPrecisions,
              {.name = "precision", .help = "of the weights; int8 reads a quarter of the memory: see attn help speed"});
}

void ModelUse::apply(Parameters& parameters, const ModelConfig& config) const {
  if (!ablated.empty()) {
    for (const HeadPlace& place : parse_heads(ablated, config)) switch_off(parameters, config, place);
  }
  if (precision == Precision::int8) quantize(parameters, config);
}

}  // namespace attn
