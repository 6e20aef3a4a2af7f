#pragma once
// The forms of config.json: a row a model type, in the file of its family.

#include <optional>
#include <string_view>

#include "base/json.h"
#include "models/config.h"
#include "models/config_reader.h"

namespace attn {

/// A model type: the first whose class holds a configuration writes it.
struct ModelType {
  std::string_view name;
  bool (*holds)(const ModelConfig&);
  /// The `transformers` class of a configuration that it holds.
  std::string_view (*transformers_class)(const ModelConfig&);
  Json (*write)(const ModelConfig&);
  ModelConfig (*read)(const ConfigReader&);
};

extern const ModelType kGpt2Type, kLlamaType, kBertType, kMarianType;

/// The object that every form begins with.
Json begin_config_json(std::string_view model_type, std::string_view class_name);

/// The special tokens, null where there is none.
void append_tokens(Json& json, const ModelConfig& config);
/// `begin`, `end`, `pad`: the class's defaults.
void read_tokens(const ConfigReader& reader, ModelConfig& config, std::optional<std::int32_t> begin,
                 std::optional<std::int32_t> end, std::optional<std::int32_t> pad = std::nullopt);

/// The names that `transformers` has for the activations of plain feed-forward layers.
std::string_view transformers_name(Activation activation);
Activation read_activation(const ConfigReader& reader, std::string_view key, const char* otherwise);

}  // namespace attn
