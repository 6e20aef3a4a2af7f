#include "models/config.h"

#include <doctest/doctest.h>

#include <string>

#include "base/error.h"
#include "base/json.h"

namespace attn {
namespace {

ModelConfig gpt2() {
  ModelConfig config;
  config.vocabulary = 29;
  config.context = 12;
  config.end_id = 3;
  config.dropout = 0.1f;
  return config;
}

ModelConfig llama() {
  ModelConfig config = gpt2();
  config.architecture = Architecture::llama;
  config.positions = Positions::rotary;
  config.norm = NormKind::rms;
  config.gated = true;
  config.activation = Activation::none;
  config.biases = false;
  config.tied = false;
  config.kv_heads = 2;
  config.d_head = 16;
  config.rope_theta = 500;
  config.norm_eps = 1e-6f;
  config.begin_id = 1;
  return config;
}

/// The config.json with one value replaced or added.
std::string with(const ModelConfig& config, const char* key, Json value) {
  Json json = parse_json(config_to_json(config), "config.json");
  json.set(key, std::move(value));
  return write_json(json);
}

/// The message of the Error that reading this config.json throws; empty if it throws none.
std::string error_of(const std::string& json) {
  try {
    config_from_json(json, "m/config.json");
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

ModelConfig bert() {
  ModelConfig config = gpt2();
  config.architecture = Architecture::bert;
  config.norm_place = NormPlace::post;
  config.activation = Activation::gelu;
  config.type_vocabulary = 2;
  config.head = Head::masked;
  config.end_id.reset();
  config.pad_id = 0;
  return config;
}

ModelConfig marian() {
  ModelConfig config = gpt2();
  config.architecture = Architecture::transformer;
  config.norm_place = NormPlace::post;
  config.activation = Activation::relu;
  config.positions = Positions::sinusoidal;
  config.scaled_embedding = true;
  config.decoder_layers = 3;
  config.pad_id = 0;
  return config;
}

}  // namespace

TEST_CASE("config: encoders and encoder-decoder models read back what they wrote") {
  CHECK(transformers_class(bert()) == "BertForMaskedLM");
  CHECK(config_from_json(config_to_json(bert()), "f") == bert());
  ModelConfig classifier = bert();
  classifier.head = Head::classifier;
  classifier.labels = {"bad", "good", "so so"};
  CHECK(transformers_class(classifier) == "BertForSequenceClassification");
  CHECK(config_from_json(config_to_json(classifier), "f") == classifier);
  classifier.pooling = Pooling::mean;
  CHECK(transformers_class(classifier) == "");
  CHECK(config_from_json(config_to_json(classifier), "f") == classifier);
  ModelConfig body = bert();
  body.head = Head::none;
  CHECK(transformers_class(body) == "BertModel");
  CHECK(config_from_json(config_to_json(body), "f") == body);
  CHECK(transformers_class(marian()) == "MarianMTModel");
  CHECK(config_from_json(config_to_json(marian()), "f") == marian());
  ModelConfig pre_norm = marian();
  pre_norm.norm_place = NormPlace::pre;
  CHECK(transformers_class(pre_norm) == "");
  CHECK(config_from_json(config_to_json(pre_norm), "f") == pre_norm);
}

TEST_CASE("config: heads, labels and special tokens must fit the family") {
  CHECK(error_of(with(bert(), "architectures", Json::Array{Json("BertForQuestionAnswering")})).find("architectures") !=
        std::string::npos);
  ModelConfig classifier = bert();
  classifier.head = Head::classifier;
  classifier.labels = {"bad", "good"};
  Json twice = Json::object();
  twice.set("0", "bad").set("2", "good");
  CHECK(error_of(with(classifier, "id2label", twice)).find("the numbers from 0, each once") != std::string::npos);
  CHECK(error_of(with(marian(), "decoder_start_token_id", 5)).find("the value of pad_token_id") != std::string::npos);
  CHECK(error_of(with(marian(), "normalize_before", true)).find("normalize_before") != std::string::npos);
  CHECK(error_of(with(marian(), "activation_function", "swish")).find("activation_function") != std::string::npos);
  CHECK(error_of(with(marian(), "eos_token_id", nullptr)).find("needs an end token") != std::string::npos);
}

TEST_CASE("config: every model type reads back what it wrote") {
  CHECK(transformers_class(gpt2()) == "GPT2LMHeadModel");
  CHECK(config_from_json(config_to_json(gpt2()), "f") == gpt2());
  CHECK(transformers_class(llama()) == "LlamaForCausalLM");
  CHECK(config_from_json(config_to_json(llama()), "f") == llama());
  ModelConfig other = gpt2();
  for (int variant = 0; variant < 6; ++variant) {
    other = gpt2();
    if (variant == 0) other.positions = Positions::rotary;
    if (variant == 1) other.norm = NormKind::rms;
    if (variant == 2) other.kv_heads = 2;
    if (variant == 3) other.norm_place = NormPlace::post;
    if (variant == 4) other.biases = false;
    if (variant == 5) other.gated = true;
    CAPTURE(variant);
    CHECK(transformers_class(other) == "");
    CHECK(parse_json(config_to_json(other), "f").at("model_type") == Json("attn"));
    CHECK(config_from_json(config_to_json(other), "f") == other);
  }
}

TEST_CASE("config: every special token stands in it, null if there is none") {
  const Json json = parse_json(config_to_json(gpt2()), "f");
  CHECK(json.at("bos_token_id").is_null());
  CHECK(json.at("eos_token_id") == Json(3));
  CHECK(json.at("pad_token_id").is_null());
  const Json generation = parse_json(generation_config_to_json(gpt2()), "f");
  CHECK(generation.at("bos_token_id").is_null());
  CHECK(generation.at("eos_token_id") == Json(3));
}

TEST_CASE("config: transformers 5 keeps the rotary base in rope_parameters") {
  Json rope = Json::object();
  rope.append("rope_theta", 1234.0).append("rope_type", "default");
  CHECK(config_from_json(with(llama(), "rope_parameters", rope), "f").rope_theta == 1234.0f);
}

TEST_CASE("config: keys that are left out have the class's defaults") {
  const ModelConfig small = config_from_json(R"({"model_type": "gpt2", "n_embd": 8, "n_head": 2})", "f");
  CHECK(small.vocabulary == 50257);
  CHECK(small.d_ff == 32);
  CHECK(small.end_id == 50256);
  const ModelConfig other = config_from_json(R"({"model_type": "llama", "hidden_size": 64, "num_attention_heads": 4,
      "eos_token_id": [7, 8], "pad_token_id": -1})",
                                             "f");
  CHECK(other.kv_heads == 4);
  CHECK(other.d_head == 16);
  CHECK_FALSE(other.tied);
  CHECK(other.end_id == 7);
  CHECK_FALSE(other.pad_id.has_value());
}

TEST_CASE("config: special tokens outside the vocabulary count as none") {
  const ModelConfig config = config_from_json(R"({"model_type": "gpt2", "vocab_size": 29})", "f");
  CHECK_FALSE(config.begin_id.has_value());
  CHECK_FALSE(config.end_id.has_value());
}

TEST_CASE("config: what cannot be computed is refused by name") {
  Json llama3 = Json::object();
  llama3.append("rope_type", "llama3").append("factor", 8.0);
  CHECK(error_of(with(llama(), "rope_scaling", llama3)) ==
        "m/config.json: rope_scaling: rope_type: found the string \"llama3\", expected \"default\", the only form "
        "supported");
  CHECK(error_of(with(llama(), "hidden_act", "gelu")).find("hidden_act") != std::string::npos);
  CHECK(error_of(with(llama(), "mlp_bias", true)).find("mlp_bias") != std::string::npos);
  CHECK(error_of(with(gpt2(), "activation_function", "tanh")).find("activation_function") != std::string::npos);
  CHECK(error_of(with(gpt2(), "scale_attn_weights", false)).find("scale_attn_weights") != std::string::npos);
  CHECK(error_of(with(gpt2(), "scale_attn_by_inverse_layer_idx", true)) != "");
  CHECK(error_of(with(gpt2(), "quantization_config", Json::object())) != "");
  CHECK(error_of(with(gpt2(), "model_type", "mamba")).find("gpt2, llama, bert, marian, attn") != std::string::npos);
}

TEST_CASE("config: wrong types and ranges name file, key, found and expected") {
  CHECK(error_of(with(gpt2(), "n_layer", "two")) ==
        "m/config.json: n_layer: found the string \"two\", expected an integer of 64 bits");
  CHECK(error_of(with(gpt2(), "n_layer", -1)) ==
        "m/config.json: n_layer: found -1, expected an integer from 0 to 2147483647");
  CHECK(error_of(with(gpt2(), "n_layer", 0)).find("layers is 0") != std::string::npos);
  CHECK(error_of(with(gpt2(), "n_layer", 2.5)) != "");
  CHECK(error_of(with(gpt2(), "n_head", 3)).find("n_head") != std::string::npos);
  CHECK(error_of(with(gpt2(), "n_head", 0)) != "");
  CHECK(error_of(with(gpt2(), "vocab_size", 0)) != "");
  CHECK(error_of(with(gpt2(), "vocab_size", 1LL << 40)) != "");
  CHECK(error_of(with(gpt2(), "n_embd", 2147483647)) != "");
  CHECK(error_of(with(gpt2(), "resid_pdrop", 1.0)) != "");
  CHECK(error_of(with(gpt2(), "layer_norm_epsilon", -1e-5)) != "");
  CHECK(error_of(with(gpt2(), "layer_norm_epsilon", "1e-5")) != "");
  CHECK(error_of(with(gpt2(), "tie_word_embeddings", 1)) != "");
  CHECK(error_of(with(gpt2(), "eos_token_id", "end")) != "");
  CHECK(error_of(with(llama(), "num_key_value_heads", 3)) != "");
  CHECK(error_of(with(llama(), "num_key_value_heads", 0)) != "");
  CHECK(error_of(with(llama(), "num_attention_heads", 0)) != "");
  CHECK(error_of(with(llama(), "head_dim", 7)).find("even") != std::string::npos);
  CHECK(error_of(with(llama(), "rope_theta", 0)) != "");
  CHECK(error_of(with(llama(), "rope_theta", 1e300)) != "");
  CHECK(error_of(R"({"model_type": "gpt2", "model_type": "llama"})").find("twice") != std::string::npos);
  CHECK(error_of(R"({"n_layer": 2})").find("model_type is missing") != std::string::npos);
  CHECK(error_of("[]").find("expected an object") != std::string::npos);
  CHECK(error_of("{\"model_type\": ").find("m/config.json:1") != std::string::npos);
  CHECK(error_of("") != "");
}

TEST_CASE("config: tokenizer_config.json leaves out token types except for BERT") {
  SpecialTokenNames names;
  names.end = "<|endoftext|>";
  const Json json = parse_json(tokenizer_config_to_json(gpt2(), names), "f");
  CHECK(json.at("tokenizer_class") == Json("PreTrainedTokenizerFast"));
  CHECK(json.at("model_max_length") == Json(12));
  CHECK(json.at("model_input_names") == Json(Json::Array{"input_ids", "attention_mask"}));
  CHECK(json.at("clean_up_tokenization_spaces") == Json(false));
  CHECK(json.at("eos_token") == Json("<|endoftext|>"));
  CHECK(json.at("bos_token").is_null());
  ModelConfig bert = gpt2();
  bert.architecture = Architecture::bert;
  CHECK(parse_json(tokenizer_config_to_json(bert, names), "f").at("model_input_names").as_array().size() == 3);
}

}  // namespace attn
