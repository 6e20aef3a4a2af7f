// config.json of the Transformer of 2017, in the form of Marian (Junczys-Dowmunt et al. 2018): MarianConfig.

#include "models/config_types.h"

namespace attn {
namespace {

bool is_marian(const ModelConfig& config) {
  return config.architecture == Architecture::transformer && config.positions == Positions::sinusoidal &&
         config.norm == NormKind::layer && config.norm_place == NormPlace::post && !config.gated && config.biases &&
         config.activation != Activation::none && config.kv_heads == config.heads &&
         config.heads * config.d_head == config.d_model && config.scaled_embedding && config.tied;
}

Json write_marian(const ModelConfig& config) {
  Json json = begin_config_json("marian", "MarianMTModel");
  json.append("vocab_size", config.vocabulary).append("decoder_vocab_size", config.vocabulary);
  json.append("max_position_embeddings", config.context).append("d_model", config.d_model);
  json.append("encoder_layers", config.layers).append("decoder_layers", config.decoder_layers);
  json.append("num_hidden_layers", config.layers);
  for (const char* key : {"encoder_attention_heads", "decoder_attention_heads"}) json.append(key, config.heads);
  for (const char* key : {"encoder_ffn_dim", "decoder_ffn_dim"}) json.append(key, config.d_ff);
  json.append("activation_function", transformers_name(config.activation));
  json.append("dropout", config.dropout).append("attention_dropout", config.dropout).append("activation_dropout", 0);
  json.append("normalize_before", false).append("normalize_embedding", false).append("add_final_layer_norm", false);
  json.append("static_position_embeddings", true).append("scale_embedding", true);
  json.append("share_encoder_decoder_embeddings", true).append("tie_word_embeddings", true);
  json.append("is_encoder_decoder", true).append("use_cache", true);
  append_tokens(json, config);
  json.append("decoder_start_token_id", static_cast<int>(*config.pad_id));
  json.append("forced_eos_token_id", static_cast<int>(*config.end_id));
  return json;
}

int read_equal(const ConfigReader& reader, const char* encoder_key, const char* decoder_key, int otherwise) {
  const int value = reader.integer(encoder_key, otherwise);
  if (reader.integer(decoder_key, otherwise) != value) {
    reader.reject(decoder_key, "the value of " + std::string(encoder_key));
  }
  return value;
}

ModelConfig read_marian(const ConfigReader& reader) {
  for (const char* key : {"normalize_before", "normalize_embedding", "add_final_layer_norm"}) {
    reader.require_flag(key, false);
  }
  for (const char* key : {"static_position_embeddings", "share_encoder_decoder_embeddings", "tie_word_embeddings"}) {
    reader.require_flag(key, true);
  }
  ModelConfig config;
  config.architecture = Architecture::transformer;
  config.vocabulary = reader.integer("vocab_size", 58101);
  if (reader.integer("decoder_vocab_size", config.vocabulary) != config.vocabulary) {
    reader.reject("decoder_vocab_size", "the value of vocab_size");
  }
  config.context = reader.integer("max_position_embeddings", 1024);
  config.d_model = reader.integer("d_model", 1024);
  config.layers = reader.integer("encoder_layers", 12);
  config.decoder_layers = reader.integer("decoder_layers", 12);
  config.heads = config.kv_heads = read_equal(reader, "encoder_attention_heads", "decoder_attention_heads", 16);
  if (config.heads < 1 || config.d_model % config.heads != 0) {
    reader.reject("encoder_attention_heads", "a divisor of d_model");
  }
  config.d_head = config.d_model / config.heads;
  config.d_ff = read_equal(reader, "encoder_ffn_dim", "decoder_ffn_dim", 4096);
  config.activation = read_activation(reader, "activation_function", "gelu");
  config.dropout = reader.number("dropout", 0.1f);
  config.positions = Positions::sinusoidal;
  config.norm_place = NormPlace::post;
  config.scaled_embedding = reader.flag("scale_embedding", false);
  if (!config.scaled_embedding) reader.reject("scale_embedding", "true, the only form supported");
  read_tokens(reader, config, std::nullopt, 0, 58100);
  if (reader.token("decoder_start_token_id", config.vocabulary, 58100) != config.pad_id) {
    reader.reject("decoder_start_token_id", "the value of pad_token_id");
  }
  return config;
}

}  // namespace

const ModelType kMarianType = {"marian", is_marian,
                               [](const ModelConfig&) -> std::string_view { return "MarianMTModel"; }, write_marian,
                               read_marian};

}  // namespace attn
