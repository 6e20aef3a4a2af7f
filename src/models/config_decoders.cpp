// config.json of decoder-only models: GPT-2 and LLaMA.

#include <algorithm>

#include "models/config_types.h"

namespace attn {
namespace {

// GPT-2 (Radford et al. 2019): GPT2Config.

bool is_gpt2(const ModelConfig& config) {
  return config.architecture == Architecture::gpt2 && config.positions == Positions::learned &&
         config.norm == NormKind::layer && config.norm_place == NormPlace::pre && !config.gated && config.biases &&
         config.activation != Activation::none && config.kv_heads == config.heads &&
         config.heads * config.d_head == config.d_model && !config.scaled_embedding;
}

Json write_gpt2(const ModelConfig& config) {
  Json json = begin_config_json("gpt2", "GPT2LMHeadModel");
  json.append("vocab_size", config.vocabulary).append("n_positions", config.context);
  json.append("n_embd", config.d_model).append("n_layer", config.layers).append("n_head", config.heads);
  json.append("n_inner", config.d_ff).append("activation_function", transformers_name(config.activation));
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
  config.activation = read_activation(reader, "activation_function", "gelu_new");
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
  Json json = begin_config_json("llama", "LlamaForCausalLM");
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

}  // namespace

const ModelType kGpt2Type = {"gpt2", is_gpt2, [](const ModelConfig&) -> std::string_view { return "GPT2LMHeadModel"; },
                             write_gpt2, read_gpt2};
const ModelType kLlamaType = {"llama", is_llama,
                              [](const ModelConfig&) -> std::string_view { return "LlamaForCausalLM"; }, write_llama,
                              read_llama};

}  // namespace attn
