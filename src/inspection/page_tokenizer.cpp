#include "inspection/page_tokenizer.h"

#include "base/error.h"

namespace attn {

namespace {

// \s and \w of the tokenizers library; JavaScript's own are others.
constexpr std::string_view kWords =
    R"([\p{Alphabetic}\p{M}\p{Nd}\p{Pc}\p{Join_Control}]+|[^\p{Alphabetic}\p{M}\p{Nd}\p{Pc}\p{Join_Control}\p{White_Space}]+)";
constexpr std::string_view kGpt2Pieces =
    R"('s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\p{White_Space}\p{L}\p{N}]+|\p{White_Space}+(?!\P{White_Space})|\p{White_Space}+)";
constexpr std::string_view kCharacters = R"([\s\S])";

bool is_set(const Json& json, std::string_view name, bool otherwise) {
  const Json* value = json.find(name);
  return value == nullptr || value->is_null() ? otherwise : value->as_bool(name);
}

std::string type_of(const Json* json) {
  return json == nullptr || json->is_null() ? "" : json->at("type").as_string();
}

[[noreturn]] void refuse(std::string_view where, const Tokenizer& tokenizer, std::string_view part,
                         std::string_view type) {
  fail(where, ": a page cannot hold this ", tokenizer.kind(), " tokenizer: its ", part, " is ",
       type.empty() ? "missing" : type, "; char, byte, word and byte-level bpe as attn train makes them are known");
}

}  // namespace

Json page_tokenizer(const Json& json, const Tokenizer& tokenizer, std::string_view where) {
  const std::string normalizer = type_of(json.find("normalizer")), decoder = type_of(json.find("decoder"));
  const Json* cut = json.find("pre_tokenizer");
  const std::string type = type_of(cut);
  const Json& model = json.at("model");
  const bool bytes = type == "ByteLevel";
  if (!normalizer.empty() && normalizer != "Lowercase") refuse(where, tokenizer, "normalizer", normalizer);
  if (type_of(&model) != (bytes ? "BPE" : "WordLevel")) refuse(where, tokenizer, "model", type_of(&model));

  Json page = Json::object();
  if (bytes) {
    page.set("pieces", is_set(*cut, "use_regex", true) ? kGpt2Pieces : "[^]+");
    page.set("prefixSpace", is_set(*cut, "add_prefix_space", true));
    page.set("merges", model.at("merges")).set("whole", is_set(model, "ignore_merges", false));
  } else if (type == "Whitespace") {
    page.set("pieces", kWords);
  } else if (type == "Split" && tokenizer.kind() == "char") {
    page.set("pieces", kCharacters);
  } else {
    refuse(where, tokenizer, "pre_tokenizer", type);
  }
  const std::optional<std::int32_t> unknown = tokenizer.unknown_id();
  page.set("bytes", bytes).set("lowercase", normalizer == "Lowercase").set("spaced", decoder.empty());
  page.set("unknown", unknown ? Json(static_cast<int>(*unknown)) : Json());
  page.set("vocabulary", model.at("vocab"));
  return page;
}

}  // namespace attn
