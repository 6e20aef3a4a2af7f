#include "cli/model_sizes.h"

#include <algorithm>
#include <cstdio>

#include "base/error.h"
#include "base/suggest.h"
#include "base/table.h"
#include "cli/model_source.h"
#include "models/presets.h"

namespace attn {

namespace {

/// Numbers of one text's keys and values; of encoder-decoder models for source and target; encoders keep none.
std::int64_t cache_numbers(const ModelConfig& config) {
  const std::int64_t of_a_layer = std::int64_t{2} * config.context * config.kv_heads * config.d_head;
  switch (kind_of(config)) {
    case ModelKind::decoder:
      return config.layers * of_a_layer;
    case ModelKind::translator:
      return 2 * config.decoder_layers * of_a_layer;
    default:
      return 0;
  }
}

std::string layers_of(const ModelConfig& config) {
  const std::string layers = std::to_string(config.layers);
  return config.decoder_layers > 0 ? concat(layers, " + ", config.decoder_layers) : layers;
}

std::string bytes_of(const ModelSizes& model, const char* key) {
  const double bytes = memory_of(model.config, model.parameters).at(key).as_double();
  return bytes == 0 ? "none" : readable_bytes(bytes);
}

/// A line of the table for people.
struct SizeRow {
  std::string_view label;
  std::string (*text)(const ModelSizes&);
};
constexpr SizeRow kRows[] = {
    {"architecture", [](const ModelSizes& m) { return std::string(name_of(m.config.architecture)); }},
    {"layers", [](const ModelSizes& m) { return layers_of(m.config); }},
    {"heads", [](const ModelSizes& m) { return std::to_string(m.config.heads); }},
    {"heads of keys and values", [](const ModelSizes& m) { return std::to_string(m.config.kv_heads); }},
    {"d_model", [](const ModelSizes& m) { return grouped(m.config.d_model); }},
    {"d_ff", [](const ModelSizes& m) { return grouped(m.config.d_ff); }},
    {"context", [](const ModelSizes& m) { return grouped(m.config.context); }},
    {"vocabulary", [](const ModelSizes& m) { return grouped(m.config.vocabulary); }},
    {"parameters", [](const ModelSizes& m) { return grouped(m.parameters); }},
    {"published as", [](const ModelSizes& m) { return m.published; }},
    {"by", [](const ModelSizes& m) { return m.source; }},
    {"weights, f32", [](const ModelSizes& m) { return bytes_of(m, "weights"); }},
    {"weights, bf16", [](const ModelSizes& m) { return bytes_of(m, "weights_bf16"); }},
    {"weights, int8", [](const ModelSizes& m) { return bytes_of(m, "weights_int8"); }},
    {"weights, gradients, moments", [](const ModelSizes& m) { return bytes_of(m, "training_state"); }},
    {"keys and values, f32", [](const ModelSizes& m) { return bytes_of(m, "cache"); }},
    {"keys and values, bf16", [](const ModelSizes& m) { return bytes_of(m, "cache_bf16"); }},
};

}  // namespace

std::string grouped(std::int64_t number) {
  std::string digits = std::to_string(number);
  for (std::ptrdiff_t i = std::ssize(digits) - 3; i > 0; i -= 3) digits.insert(static_cast<std::size_t>(i), 1, ',');
  return digits;
}

std::string readable_bytes(double bytes) {
  const char* unit = "bytes";
  for (const char* larger : {"KB", "MB", "GB", "TB"}) {
    if (bytes < 1000) break;
    bytes /= 1000;
    unit = larger;
  }
  char text[40];
  std::snprintf(text, sizeof text, bytes < 10 && *unit != 'b' ? "%.1f %s" : "%.0f %s", bytes, unit);
  return text;
}

Json memory_of(const ModelConfig& config, std::int64_t parameters) {
  const long long weights = parameters, cache = cache_numbers(config);
  Json memory = Json::object();
  memory.append("weights", 4 * weights).append("weights_bf16", 2 * weights).append("weights_int8", weights);
  memory.append("cache", 4 * cache).append("cache_bf16", 2 * cache).append("training_state", 16 * weights);
  return memory;
}

void add_presets(std::vector<ModelSizes>& models, std::string_view names) {
  while (true) {
    const std::size_t comma = names.find(',');
    const std::string_view name = names.substr(0, comma);
    const Preset* const preset = find_preset(name);
    if (preset == nullptr) {
      std::vector<std::string> known;
      std::string listed;
      for (const Preset& row : presets()) {
        listed += (known.empty() ? "" : ", ") + std::string(row.name);
        known.emplace_back(row.name);
      }
      usage_error("--preset: no published model '", name, "', expected some of ", listed, did_you_mean(name, known));
    }
    models.push_back({std::string(name), preset->config, preset->parameters(), std::string(preset->published),
                      std::string(preset->source)});
    if (comma == std::string_view::npos) return;
    names.remove_prefix(comma + 1);
  }
}

Json sizes_to_json(std::span<const ModelSizes> models) {
  Json rows = Json::array();
  for (const ModelSizes& model : models) {
    const ModelConfig& config = model.config;
    Json row = Json::object();
    row.append("model", model.name).append("kind", describe(kind_of(config)));
    row.append("published", model.published.empty() ? Json() : Json(model.published));
    row.append("source", model.source.empty() ? Json() : Json(model.source));
    row.append("layers", config.layers).append("decoder_layers", config.decoder_layers);
    row.append("heads", config.heads).append("kv_heads", config.kv_heads);
    row.append("d_model", config.d_model).append("d_ff", config.d_ff);
    row.append("context", config.context).append("vocabulary", config.vocabulary);
    row.append("parameter_count", static_cast<long long>(model.parameters));
    row.append("memory_bytes", memory_of(config, model.parameters));
    rows.push_back(std::move(row));
  }
  return rows;
}

std::string sizes_to_text(std::span<const ModelSizes> models) {
  std::vector<std::string> columns = {""};
  for (const ModelSizes& model : models) columns.push_back(model.name);
  std::string text;
  TableWriter table(TableFormat::text, std::move(columns), true, [&](std::string_view piece) { text += piece; });
  const bool published = std::ranges::any_of(models, [](const ModelSizes& model) { return !model.published.empty(); });
  for (const SizeRow& row : kRows) {
    if (!published && (row.label == "published as" || row.label == "by")) continue;
    table.cell(row.label);
    for (const ModelSizes& model : models) table.cell(row.text(model));
    table.end_row();
  }
  table.finish();
  return text;
}

}  // namespace attn
