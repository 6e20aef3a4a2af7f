#include "base/json.h"
#include "models/config.h"

namespace attn {
namespace {

void append_name(Json& json, const char* key, const std::optional<std::string>& name) {
  json.append(key, name ? Json(*name) : Json());
}

void append_id(Json& json, const char* key, const std::optional<std::int32_t>& id) {
  json.append(key, id ? Json(static_cast<int>(*id)) : Json());
}

}  // namespace

std::string generation_config_to_json(const ModelConfig& config) {
  Json json = Json::object();
  append_id(json, "bos_token_id", config.begin_id);
  append_id(json, "eos_token_id", config.end_id);
  append_id(json, "pad_token_id", config.pad_id);
  if (config.architecture == Architecture::transformer) {
    append_id(json, "decoder_start_token_id", config.pad_id);
    append_id(json, "forced_eos_token_id", config.end_id);
    json.append("bad_words_ids", Json::Array{Json(Json::Array{Json(static_cast<int>(*config.pad_id))})});
    json.append("max_length", config.context);
  }
  return write_json(json, 2) + '\n';
}

std::string tokenizer_config_to_json(const ModelConfig& config, const SpecialTokenNames& names) {
  Json json = Json::object();
  json.append("tokenizer_class", "PreTrainedTokenizerFast");
  json.append("model_max_length", config.context);
  Json inputs = Json::array();
  inputs.push_back("input_ids");
  // Whoever sees token_type_ids passes them to the model, and GPT-2 would add them as embeddings.
  if (config.architecture == Architecture::bert) inputs.push_back("token_type_ids");
  inputs.push_back("attention_mask");
  json.append("model_input_names", std::move(inputs));
  json.append("clean_up_tokenization_spaces", false);
  append_name(json, "bos_token", names.begin);
  append_name(json, "eos_token", names.end);
  append_name(json, "pad_token", names.pad);
  append_name(json, "unk_token", names.unknown);
  if (names.mask) json.append("mask_token", *names.mask);
  if (names.separator) json.append("sep_token", *names.separator);
  if (names.classifier) json.append("cls_token", *names.classifier);
  return write_json(json, 2) + '\n';
}

}  // namespace attn
