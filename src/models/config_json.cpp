#include <algorithm>

#include "base/json.h"
#include "models/config.h"
#include "models/config_reader.h"

namespace attn {
namespace {

constexpr int kIndent = 2;

Json token_json(const std::optional<std::int32_t>& id) {
  return id ? Json(static_cast<int>(*id)) : Json();
}

void append_tokens(Json& json, const ModelConfig& config) {
  json.append("bos_token_id", token_json(config.begin_id));
  json.append("eos_token_id", token_json(config.end_id));
  json.append("pad_token_id", token_json(config.pad_id));
}

void read_tokens(const ConfigReader& reader, ModelConfig& config, std::optional<std::int32_t> begin,
                 std::optional<std::int32_t> end) {
  config.begin_id = reader.token("bos_token_id", config.vocabulary, begin);
  config.end_id = reader.token("eos_token_id", config.vocabulary, end);
  config.pad_id = reader.token("pad_token_id", config.vocabulary, std::nullopt);
}

Json begin_json(const char* model_type, const char* class_name) {
  Json json = Json::object();
  json.append("model_type", model_type);
  if (*class_name != '\0') json.append("architectures", Json::Array{Json(class_name)});
  json.append("dtype", "float32");
  json.append("torch_dtype", "float32");
  return json;
}

// GPT-2 (Radford et al. 2019): GPT2Config.

bool is_gpt2(const ModelConfig& config) {
  return config.architecture == Architecture::gpt2 && config.positions == Positions::learned &&
         config.norm == NormKind::layer && config.norm_place == NormPlace::pre && !config.gated && config.biases &&
         config.activation != Activation::none && config.kv_heads == config.heads &&
         config.heads * config.d_head == config.d_model && !config.scaled_embedding;
}

const char* gpt2_activation(Activation activation) {
  if (activation == Activation::relu) return "relu";
  return activation == Activation::gelu ? "gelu" : "gelu_new";
}

Activation read_gpt2_activation(const ConfigReader& reader) {
  const std::string found = reader.word("activation_function", "gelu_new");
  if (found == "gelu_new" || found == "gelu_pytorch_tanh") return Activation::gelu_tanh;
  if (found == "gelu") return Activation::gelu;
  if (found == "relu") return Activation::relu;
  reader.reject("activation_function", "gelu_new, gelu_pytorch_tanh, gelu or relu");
}

Json write_gpt2(const ModelConfig& config) {
  Json json = begin_json("gpt2", "GPT2LMHeadModel");
  json.append("vocab_size", config.vocabulary).append("n_positions", config.context);
  json.append("n_embd", config.d_model).append("n_layer", config.layers).append("n_head", config.heads);
  json.append("n_inner", config.d_ff).append("activation_function", gpt2_activation(config.activation));
  for (const char* rate : {"resid_pdrop", "embd_pdrop", "attn_pdrop"}) json.append(rate, config.dropout);
  json.append("layer_norm_epsilon", config.norm_eps).append("tie_word_embeddings", config.tied);
  append_tokens(json, config);
  return json;
}

ModelConfig read_gpt2(const ConfigReader& reader) {
  reader.require_flag("scale_attn_weights", true);
  reader.require_flag("scale_attn_by_inverse_layer_idx", false);
  reader.require_flag("add_cross_attention", false);
  ModelConfig config;
  config.architecture = Architecture::gpt2;
  config.vocabulary = reader.integer("vocab_size", 50257);
  config.context = reader.integer("n_positions", 1024);
  config.d_model = reader.integer("n_embd", 768);
  config.layers = reader.integer("n_layer", 12);
  config.heads = config.kv_heads = reader.integer("n_head", 12);
  if (config.heads < 1 || config.d_model % config.heads != 0) reader.reject("n_head", "a divisor of n_embd");
  config.d_head = config.d_model / config.heads;
  const std::int64_t usual = std::int64_t{4} * config.d_model;
  config.d_ff = reader.integer("n_inner", static_cast<int>(std::min<std::int64_t>(usual, 1 << 30)));
  config.activation = read_gpt2_activation(reader);
  config.dropout = reader.number("resid_pdrop", 0.1f);
  config.norm_eps = reader.number("layer_norm_epsilon", 1e-5f);
  config.tied = reader.flag("tie_word_embeddings", true);
  read_tokens(reader, config, 50256, 50256);
  return config;
}

// LLaMA (Touvron et al. 2023): LlamaConfig.

bool is_llama(const ModelConfig& config) {
  return config.architecture == Architecture::llama && config.positions == Positions::rotary &&
         config.norm == NormKind::rms && config.norm_place == NormPlace::pre && config.gated &&
         !config.scaled_embedding;
}

Json write_llama(const ModelConfig& config) {
  Json json = begin_json("llama", "LlamaForCausalLM");
  json.append("vocab_size", config.vocabulary).append("max_position_embeddings", config.context);
  json.append("hidden_size", config.d_model).append("intermediate_size", config.d_ff);
  json.append("num_hidden_layers", config.layers).append("num_attention_heads", config.heads);
  json.append("num_key_value_heads", config.kv_heads).append("head_dim", config.d_head);
  json.append("hidden_act", "silu").append("rms_norm_eps", config.norm_eps);
  json.append("rope_theta", config.rope_theta).append("rope_scaling", nullptr);
  json.append("attention_bias", config.biases).append("mlp_bias", config.biases);
  json.append("attention_dropout", config.dropout).append("tie_word_embeddings", config.tied);
  append_tokens(json, config);
  return json;
}

/// The base of the rotary angles: `rope_theta`, or `rope_parameters` of transformers 5. Stretched forms are refused.
float read_rope_theta(const ConfigReader& reader) {
  float theta = reader.number("rope_theta", 10000.0f);
  for (const char* key : {"rope_scaling", "rope_parameters"}) {
    const Json* value = reader.find(key);
    if (value == nullptr) continue;
    const ConfigReader rope(*value, reader.where() + ": " + key);
    const char* type_key = rope.find("rope_type") != nullptr ? "rope_type" : "type";
    if (rope.word(type_key, "default") != "default") rope.reject(type_key, "\"default\", the only form supported");
    theta = rope.number("rope_theta", theta);
    if (rope.number("partial_rotary_factor", 1.0f) != 1) rope.reject("partial_rotary_factor", "1");
  }
  if (reader.number("partial_rotary_factor", 1.0f) != 1) reader.reject("partial_rotary_factor", "1");
  return theta;
}

ModelConfig read_llama(const ConfigReader& reader) {
  ModelConfig config;
  config.architecture = Architecture::llama;
  config.positions = Positions::rotary;
  config.norm = NormKind::rms;
  config.gated = true;
  config.activation = Activation::none;
  config.vocabulary = reader.integer("vocab_size", 32000);
  config.context = reader.integer("max_position_embeddings", 2048);
  config.d_model = reader.integer("hidden_size", 4096);
  config.d_ff = reader.integer("intermediate_size", 11008);
  config.layers = reader.integer("num_hidden_layers", 32);
  config.heads = reader.integer("num_attention_heads", 32);
  config.kv_heads = reader.integer("num_key_value_heads", config.heads);
  if (config.heads < 1) reader.reject("num_attention_heads", "1 or more");
  if (config.kv_heads < 1 || config.heads % config.kv_heads != 0) {
    reader.reject("num_key_value_heads", concat("a divisor of num_attention_heads, ", config.heads));
  }
  config.d_head = reader.integer("head_dim", config.d_model / config.heads);
  const std::string activation = reader.word("hidden_act", "silu");
  if (activation != "silu" && activation != "swish") reader.reject("hidden_act", "\"silu\"");
  config.biases = reader.flag("attention_bias", false);
  if (reader.flag("mlp_bias", false) != config.biases) reader.reject("mlp_bias", "the value of attention_bias");
  config.norm_eps = reader.number("rms_norm_eps", 1e-6f);
  config.rope_theta = read_rope_theta(reader);
  config.dropout = reader.number("attention_dropout", 0.0f);
  config.tied = reader.flag("tie_word_embeddings", false);
  read_tokens(reader, config, 1, 2);
  return config;
}

// Combinations that no class holds: every field under its own name.

bool is_any(const ModelConfig&) {
  return true;
}

Json write_attn(const ModelConfig& config) {
  Json json = begin_json("attn", "");
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
  read_tokens(reader, config, std::nullopt, std::nullopt);
  return config;
}

/// A model type: the first whose class holds a configuration writes it.
struct ModelType {
  std::string_view name;
  std::string_view transformers_class;
  bool (*holds)(const ModelConfig&);
  Json (*write)(const ModelConfig&);
  ModelConfig (*read)(const ConfigReader&);
};

constexpr ModelType kModelTypes[] = {
    {"gpt2", "GPT2LMHeadModel", is_gpt2, write_gpt2, read_gpt2},
    {"llama", "LlamaForCausalLM", is_llama, write_llama, read_llama},
    {"attn", "", is_any, write_attn, read_attn},
};

const ModelType& type_of(const ModelConfig& config) {
  const ModelType* type = kModelTypes;
  while (!type->holds(config)) ++type;
  return *type;
}

}  // namespace

std::string_view transformers_class(const ModelConfig& config) {
  return type_of(config).transformers_class;
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
  for (const ModelType& type : kModelTypes) {
    if (type.name == type_name) {
      const ModelConfig config = type.read(reader);
      check_config(config, file);
      return config;
    }
    known += (known.empty() ? "" : ", ") + std::string(type.name);
  }
  reader.reject("model_type", "one of " + known);
}

}  // namespace attn
