#include "models/config_types.h"

namespace attn {

namespace {

Json token_json(const std::optional<std::int32_t>& id) {
  return id ? Json(static_cast<int>(*id)) : Json();
}

}  // namespace

Json begin_config_json(std::string_view model_type, std::string_view class_name) {
  Json json = Json::object();
  json.append("model_type", model_type);
  if (!class_name.empty()) json.append("architectures", Json::Array{Json(class_name)});
  json.append("dtype", "float32");
  json.append("torch_dtype", "float32");
  return json;
}

void append_tokens(Json& json, const ModelConfig& config) {
  json.append("bos_token_id", token_json(config.begin_id));
  json.append("eos_token_id", token_json(config.end_id));
  json.append("pad_token_id", token_json(config.pad_id));
}

void read_tokens(const ConfigReader& reader, ModelConfig& config, std::optional<std::int32_t> begin,
                 std::optional<std::int32_t> end, std::optional<std::int32_t> pad) {
  config.begin_id = reader.token("bos_token_id", config.vocabulary, begin);
  config.end_id = reader.token("eos_token_id", config.vocabulary, end);
  config.pad_id = reader.token("pad_token_id", config.vocabulary, pad);
}

std::string_view transformers_name(Activation activation) {
  if (activation == Activation::relu) return "relu";
  return activation == Activation::gelu ? "gelu" : "gelu_new";
}

Activation read_activation(const ConfigReader& reader, std::string_view key, const char* otherwise) {
  const std::string found = reader.word(key, otherwise);
  if (found == "gelu_new" || found == "gelu_pytorch_tanh") return Activation::gelu_tanh;
  if (found == "gelu") return Activation::gelu;
  if (found == "relu") return Activation::relu;
  reader.reject(key, "gelu_new, gelu_pytorch_tanh, gelu or relu");
}

}  // namespace attn
