// config.json: which form a configuration takes, and the form of those that no `transformers` class holds.

#include <algorithm>
#include <iterator>

#include "models/config_types.h"

namespace attn {
namespace {

constexpr int kIndent = 2;

// Combinations that no class holds: every field under its own name.

bool is_any(const ModelConfig&) {
  return true;
}

Json write_attn(const ModelConfig& config) {
  Json json = begin_config_json("attn", "");
  json.append("architecture", name_of(config.architecture)).append("vocab_size", config.vocabulary);
  json.append("context", config.context).append("layers", config.layers);
  json.append("decoder_layers", config.decoder_layers).append("heads", config.heads);
  json.append("kv_heads", config.kv_heads).append("d_model", config.d_model).append("d_head", config.d_head);
  json.append("d_ff", config.d_ff).append("dropout", config.dropout);
  json.append("positions", name_of(config.positions)).append("norm", name_of(config.norm));
  json.append("norm_place", name_of(config.norm_place)).append("activation", name_of(config.activation));
  json.append("gated", config.gated).append("biases", config.biases).append("tie_word_embeddings", config.tied);
  json.append("scaled_embedding", config.scaled_embedding).append("norm_eps", config.norm_eps);
  json.append("rope_theta", config.rope_theta).append("type_vocabulary", config.type_vocabulary);
  json.append("head", name_of(config.head)).append("pooling", name_of(config.pooling));
  json.append("labels", Json::Array(config.labels.begin(), config.labels.end()));
  append_tokens(json, config);
  return json;
}

/// The value of an enumeration whose name stands under `key`.
template <class Enum>
Enum read_enum(const ConfigReader& reader, std::string_view key, std::initializer_list<Enum> values) {
  const std::string found = reader.word(key);
  std::string expected;
  for (const Enum value : values) {
    if (found == name_of(value)) return value;
    expected += (expected.empty() ? "" : ", ") + std::string(name_of(value));
  }
  reader.reject(key, "one of " + expected);
}

ModelConfig read_attn(const ConfigReader& reader) {
  ModelConfig config;
  using enum Architecture;
  config.architecture = read_enum(reader, "architecture", {gpt2, llama, bert, transformer});
  config.vocabulary = reader.integer("vocab_size");
  config.context = reader.integer("context");
  config.layers = reader.integer("layers");
  config.decoder_layers = reader.integer("decoder_layers");
  config.heads = reader.integer("heads");
  config.kv_heads = reader.integer("kv_heads");
  config.d_model = reader.integer("d_model");
  config.d_head = reader.integer("d_head");
  config.d_ff = reader.integer("d_ff");
  config.dropout = reader.number("dropout");
  config.positions =
      read_enum(reader, "positions", {Positions::none, Positions::learned, Positions::sinusoidal, Positions::rotary});
  config.norm = read_enum(reader, "norm", {NormKind::layer, NormKind::rms});
  config.norm_place = read_enum(reader, "norm_place", {NormPlace::pre, NormPlace::post});
  config.activation =
      read_enum(reader, "activation", {Activation::none, Activation::relu, Activation::gelu, Activation::gelu_tanh});
  config.gated = reader.flag("gated");
  config.biases = reader.flag("biases");
  config.tied = reader.flag("tie_word_embeddings");
  config.scaled_embedding = reader.flag("scaled_embedding");
  config.norm_eps = reader.number("norm_eps");
  config.rope_theta = reader.number("rope_theta");
  config.type_vocabulary = reader.integer("type_vocabulary");
  config.head = reader.find("head") == nullptr
                    ? Head::language
                    : read_enum(reader, "head", {Head::language, Head::masked, Head::classifier, Head::none});
  config.pooling = reader.find("pooling") == nullptr ? Pooling::first
                                                     : read_enum(reader, "pooling", {Pooling::first, Pooling::mean});
  config.labels = reader.words("labels");
  read_tokens(reader, config, std::nullopt, std::nullopt);
  return config;
}

const ModelType kAttnType = {"attn", is_any, [](const ModelConfig&) { return std::string_view(); }, write_attn,
                             read_attn};

constexpr const ModelType* kModelTypes[] = {&kGpt2Type, &kLlamaType, &kBertType, &kMarianType, &kAttnType};

const ModelType& type_of(const ModelConfig& config) {
  return **std::find_if(std::begin(kModelTypes), std::end(kModelTypes),
                        [&](const ModelType* type) { return type->holds(config); });
}

}  // namespace

std::string_view transformers_class(const ModelConfig& config) {
  return type_of(config).transformers_class(config);
}

std::string config_to_json(const ModelConfig& config) {
  return write_json(type_of(config).write(config), kIndent) + '\n';
}

ModelConfig config_from_json(std::string_view json, const std::string& file) {
  const Json parsed = parse_json(json, file);
  const ConfigReader reader(parsed, file);
  if (reader.find("quantization_config") != nullptr)
    reader.reject("quantization_config", "weights that are not quantized");
  const std::string type_name = reader.word("model_type");
  std::string known;
  for (const ModelType* type : kModelTypes) {
    if (type->name == type_name) {
      const ModelConfig config = type->read(reader);
      check_config(config, file);
      return config;
    }
    known += (known.empty() ? "" : ", ") + std::string(type->name);
  }
  reader.reject("model_type", "one of " + known);
}

}  // namespace attn
