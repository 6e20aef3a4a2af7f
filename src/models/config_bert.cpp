// config.json of BERT (Devlin et al. 2018): BertConfig.

#include <algorithm>
#include <charconv>

#include "models/config_types.h"

namespace attn {
namespace {

bool is_bert(const ModelConfig& config) {
  return config.architecture == Architecture::bert && config.positions == Positions::learned &&
         config.norm == NormKind::layer && config.norm_place == NormPlace::post && !config.gated && config.biases &&
         config.activation != Activation::none && config.kv_heads == config.heads &&
         config.heads * config.d_head == config.d_model && !config.scaled_embedding && config.type_vocabulary > 0 &&
         (config.tied || config.head != Head::masked) &&
         (config.pooling == Pooling::first || config.head != Head::classifier);
}

std::string_view class_of(const ModelConfig& config) {
  if (config.head == Head::masked) return "BertForMaskedLM";
  return config.head == Head::classifier ? "BertForSequenceClassification" : "BertModel";
}

void append_labels(Json& json, const std::vector<std::string>& labels) {
  Json names = Json::object(), ids = Json::object();
  for (std::size_t i = 0; i < labels.size(); ++i) {
    names.append(std::to_string(i), labels[i]);
    ids.append(labels[i], static_cast<int>(i));
  }
  json.append("id2label", std::move(names)).append("label2id", std::move(ids));
  json.append("problem_type", "single_label_classification");
}

Json write_bert(const ModelConfig& config) {
  Json json = begin_config_json("bert", class_of(config));
  json.append("vocab_size", config.vocabulary).append("max_position_embeddings", config.context);
  json.append("type_vocab_size", config.type_vocabulary).append("hidden_size", config.d_model);
  json.append("num_hidden_layers", config.layers).append("num_attention_heads", config.heads);
  json.append("intermediate_size", config.d_ff).append("hidden_act", transformers_name(config.activation));
  json.append("hidden_dropout_prob", config.dropout).append("attention_probs_dropout_prob", config.dropout);
  json.append("layer_norm_eps", config.norm_eps).append("position_embedding_type", "absolute");
  json.append("tie_word_embeddings", true);
  append_tokens(json, config);
  if (config.head == Head::classifier) append_labels(json, config.labels);
  return json;
}

/// {"0": "negative", "1": "positive"}; transformers' own default, two numbered labels, if it is left out.
std::vector<std::string> read_labels(const ConfigReader& reader) {
  const Json* names = reader.find("id2label");
  if (names == nullptr) return {"LABEL_0", "LABEL_1"};
  const Json::Object& members = names->as_object(reader.where() + ": id2label");
  std::vector<std::string> labels(members.size());
  std::vector<bool> seen(members.size());
  for (const auto& [key, name] : members) {
    std::size_t id = 0;
    const auto [end, error] = std::from_chars(key.data(), key.data() + key.size(), id);
    if (error != std::errc() || end != key.data() + key.size() || id >= labels.size() || seen[id]) {
      reader.reject("id2label", "the numbers from 0, each once");
    }
    labels[id] = name.as_string(reader.where() + ": id2label");
    seen[id] = true;
  }
  return labels;
}

Head read_head(const ConfigReader& reader) {
  const std::vector<std::string> classes = reader.words("architectures");
  if (classes.empty() || classes[0] == "BertModel") return Head::none;
  if (classes[0] == "BertForMaskedLM" || classes[0] == "BertForPreTraining") return Head::masked;
  if (classes[0] == "BertForSequenceClassification") return Head::classifier;
  reader.reject("architectures", "BertModel, BertForMaskedLM, BertForPreTraining or BertForSequenceClassification");
}

ModelConfig read_bert(const ConfigReader& reader) {
  reader.require_flag("is_decoder", false);
  reader.require_flag("add_cross_attention", false);
  if (reader.word("position_embedding_type", "absolute") != "absolute") {
    reader.reject("position_embedding_type", "\"absolute\", the only form supported");
  }
  ModelConfig config;
  config.architecture = Architecture::bert;
  config.vocabulary = reader.integer("vocab_size", 30522);
  config.context = reader.integer("max_position_embeddings", 512);
  config.type_vocabulary = reader.integer("type_vocab_size", 2);
  config.d_model = reader.integer("hidden_size", 768);
  config.layers = reader.integer("num_hidden_layers", 12);
  config.heads = config.kv_heads = reader.integer("num_attention_heads", 12);
  if (config.heads < 1 || config.d_model % config.heads != 0) {
    reader.reject("num_attention_heads", "a divisor of hidden_size");
  }
  config.d_head = config.d_model / config.heads;
  config.d_ff = reader.integer("intermediate_size", 3072);
  config.activation = read_activation(reader, "hidden_act", "gelu");
  config.dropout = reader.number("hidden_dropout_prob", 0.1f);
  config.norm_place = NormPlace::post;
  config.norm_eps = reader.number("layer_norm_eps", 1e-12f);
  config.head = read_head(reader);
  config.tied = reader.flag("tie_word_embeddings", true);
  if (!config.tied && config.head == Head::masked) {
    reader.reject("tie_word_embeddings", "true, the only form supported");
  }
  config.tied = true;
  if (config.head == Head::classifier) config.labels = read_labels(reader);
  read_tokens(reader, config, std::nullopt, std::nullopt, 0);
  return config;
}

}  // namespace

const ModelType kBertType = {"bert", is_bert, class_of, write_bert, read_bert};

}  // namespace attn
