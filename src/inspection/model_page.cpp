#include "inspection/model_page.h"

#include <algorithm>
#include <bit>
#include <cstdint>
#include <numeric>

#include "base/error.h"
#include "base/json.h"
#include "generation/sample_text.h"
#include "inspection/attention_frame.h"
#include "inspection/page_parts.h"
#include "inspection/page_tokenizer.h"
#include "inspection/token_label.h"
#include "text/chat_format.h"

namespace attn {

namespace {

constexpr std::string_view kStyle =
#include "inspection/page/live.css.inc"
    ;
constexpr std::string_view kBody =
#include "inspection/page/live.html.inc"
    ;
constexpr std::string_view kScript[] = {
#include "inspection/page/tokenizer.js.inc"
    ,
#include "inspection/page/network.js.inc"
    ,
#include "inspection/page/live.js.inc"
};

struct PageKind {
  std::string_view name, prompt;
};
constexpr std::string_view kChatPrompt = "Type something; the model answers";

PageKind kind_of_page(const ModelConfig& config) {
  if (config.architecture == Architecture::transformer) return {"translator", "Type a text to translate"};
  if (config.architecture != Architecture::bert) return {"decoder", "Type a text; the model continues it"};
  if (config.head == Head::masked) return {"masked", "Type a text; the model fills in its masks"};
  return {"classifier", "Type a text to classify"};
}

Json id_array(std::span<const std::int32_t> ids) {
  Json array = Json::array();
  for (const std::int32_t id : ids) array.push_back(id);
  return array;
}

Json optional_id(const std::optional<std::int32_t>& id) {
  return id ? Json(static_cast<int>(*id)) : Json();
}

Json config_json(const ModelConfig& config) {
  Json json = Json::object();
  json.set("context", config.context).set("layers", config.layers).set("decoder_layers", config.decoder_layers);
  json.set("heads", config.heads).set("kv_heads", config.kv_heads).set("d_model", config.d_model);
  json.set("d_head", config.d_head).set("positions", name_of(config.positions)).set("norm", name_of(config.norm));
  json.set("norm_place", name_of(config.norm_place)).set("norm_eps", static_cast<double>(config.norm_eps));
  json.set("activation", name_of(config.activation)).set("gated", config.gated);
  json.set("scaled_embedding", config.scaled_embedding).set("rope_theta", static_cast<double>(config.rope_theta));
  json.set("pooling", name_of(config.pooling));
  json.set("end_id", optional_id(config.end_id)).set("pad_id", optional_id(config.pad_id));
  return json;
}

/// The ids that go before and behind a text, those of a translator's source with the end token in any case.
void add_surroundings(Json& json, const PageModel& model) {
  // A token that is none of them stands for the text.
  const std::vector<std::int32_t> none = model.tokenizer.add_special_tokens({}).ids;
  std::int32_t text = 0;
  while (std::find(none.begin(), none.end(), text) != none.end()) ++text;
  const std::vector<std::int32_t> all = model.tokenizer.add_special_tokens({&text, 1}).ids;
  const auto at = std::find(all.begin(), all.end(), text);
  std::vector<std::int32_t> after(at + 1, all.end());
  const std::optional<std::int32_t> end = model.config.end_id;
  const bool translates = model.config.architecture == Architecture::transformer;
  if (translates && end && (after.empty() || after.back() != *end)) after.push_back(*end);
  json.set("before", id_array(std::vector(all.begin(), at))).set("after", id_array(after));
}

/// What only one kind of model needs.
void add_kind(Json& json, const PageModel& model, const Json& tokenizer) {
  const ModelConfig& config = model.config;
  if (kind_of_page(config).name == "decoder") {
    json.set("start", id_array(encode_prompt(model.tokenizer, config, "").ids));
    if (!model.chats) return;
    const ChatFormat format(model.tokenizer, config.end_id);
    json.set("separator", format.separator()).set("end", format.end());
  }
  if (config.architecture != Architecture::bert) return;
  if (config.head == Head::classifier) json.set("classes", label_array(config.labels));
  const std::optional<std::int32_t> mask = model.tokenizer.id_of("[MASK]");
  if (config.head != Head::masked || !mask) return;
  const Json* added = tokenizer.find("added_tokens");
  bool takes_space = false;
  for (const Json& token : added != nullptr ? added->as_array() : Json::Array()) {
    if (token.at("content").as_string() == "[MASK]") takes_space = token.at("lstrip").as_bool();
  }
  json.set("mask", Json::object().set("name", "[MASK]").set("id", *mask).set("takesSpace", takes_space));
}

Json network_json(const PageModel& model) {
  const PageKind kind = kind_of_page(model.config);
  const Json tokenizer = parse_json(model.tokenizer.to_json(), std::string(model.where));
  Json labels = Json::array(), special = Json::array();
  const int count = std::min(model.tokenizer.vocabulary_size(), model.config.vocabulary);
  for (std::int32_t id = 0; id < count; ++id) {
    labels.push_back(token_label(model.tokenizer.token_text(id)));
    if (model.tokenizer.is_special(id)) special.push_back(id);
  }
  Json json = Json::object();
  json.set("kind", kind.name).set("prompt", model.chats ? kChatPrompt : kind.prompt).set("text", model.text);
  json.set("config", config_json(model.config));
  json.set("tokens", page_tokenizer(tokenizer, model.tokenizer, model.where));
  json.set("labels", std::move(labels)).set("special", std::move(special));
  add_surroundings(json, model);
  add_kind(json, model, tokenizer);
  return json;
}

/// The lowest byte first, as JavaScript's typed arrays read them.
std::string little_endian(std::span<const float> values) {
  std::string bytes;
  bytes.reserve(4 * values.size());
  for (const float value : values) {
    const auto bits = std::bit_cast<std::uint32_t>(value);
    for (int shift = 0; shift < 32; shift += 8) bytes += static_cast<char>(bits >> shift & 255);
  }
  return bytes;
}

}  // namespace

void check_page_model(const ModelConfig& config, std::string_view where) {
  if (config.architecture == Architecture::bert && config.head == Head::none) {
    fail(where,
         " is an encoder that makes vectors of texts; a page holds decoder-only models, translators, encoders "
         "that fill masks, and classifiers");
  }
  const double count = parameter_count(config);
  if (count <= kMostPageParameters) return;
  fail(where, " has ", static_cast<std::int64_t>(count), " parameters, but a page holds at most ",
       static_cast<std::int64_t>(kMostPageParameters));
}

void write_model_page(const PageModel& model, const Sink& sink) {
  check_page_model(model.config, model.where);
  const Json network = network_json(model);
  sink(attention_page_begin("Live attention", model.about, {kStyle, kBody}));
  sink(concat("<script type=\"application/json\" id=\"network\">", script_json(network), "</script>\n"));
  for (const NamedParameter& parameter : model.parameters.list()) {
    const std::span<const float> values(parameter.tensor.data, static_cast<std::size_t>(parameter.tensor.size()));
    sink(concat("<script type=\"text/plain\" id=\"p:", parameter.name, "\">", base64(little_endian(values)),
                "</script>\n"));
  }
  sink(attention_page_end(kScript));
}

}  // namespace attn
