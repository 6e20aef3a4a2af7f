#include "text/post_processor.h"

#include "base/error.h"

namespace attn {

PostProcessor::PostProcessor()
    : single_{{Item::Kind::first, {}, 0}}, pair_{{Item::Kind::first, {}, 0}, {Item::Kind::second, {}, 1}} {}

PostProcessor::PostProcessor(const Json& json, const std::string& file) : PostProcessor() {
  read(json, file);
}

void PostProcessor::read(const Json& json, const std::string& file) {
  if (json.is_null()) return;
  const std::string what = file + ": post_processor";
  const std::string& type = json.at("type", what).as_string(what);
  if (type == "TemplateProcessing") {
    read_template(json, what);
  } else if (type == "BertProcessing" || type == "RobertaProcessing") {
    read_bert(json, what, type == "RobertaProcessing");
  } else if (type == "Sequence") {
    for (const Json& part : json.at("processors", what).as_array(what)) read(part, file);
  } else if (type != "ByteLevel") {  // which changes offsets only
    fail(file, ": the post_processor \"", type, "\" is not supported");
  }
}

void PostProcessor::read_template(const Json& json, const std::string& what) {
  const auto ids_of = [&](const std::string& name) {
    std::vector<std::int32_t> ids;
    const Json& entry = json.at("special_tokens", what).at(name, what);
    for (const Json& id : entry.at("ids", what).as_array(what))
      ids.push_back(static_cast<std::int32_t>(id.as_int(what)));
    return ids;
  };
  const auto read_items = [&](const Json& items) {
    Template result;
    for (const Json& item : items.as_array(what)) {
      const bool special = item.find("SpecialToken") != nullptr;
      const Json& body = item.at(special ? "SpecialToken" : "Sequence", what);
      const std::string& id = body.at("id", what).as_string(what);
      const auto type = static_cast<std::int32_t>(body.at("type_id", what).as_int(what));
      using Kind = Item::Kind;
      const Kind kind = special ? Kind::special : id == "A" ? Kind::first : Kind::second;
      result.push_back({kind, special ? ids_of(id) : std::vector<std::int32_t>{}, type});
    }
    return result;
  };
  single_ = read_items(json.at("single", what));
  pair_ = read_items(json.at("pair", what));
}

void PostProcessor::read_bert(const Json& json, const std::string& what, bool roberta) {
  const auto id_of = [&](std::string_view name) {
    const auto& pair = json.at(name, what).as_array(what);
    if (pair.size() != 2) fail(what, ": \"", name, "\" is not a token and its id");
    return static_cast<std::int32_t>(pair[1].as_int(what));
  };
  using Kind = Item::Kind;
  const Item cls{Kind::special, {id_of("cls")}, 0};
  const std::int32_t sep = id_of("sep");
  const std::int32_t second_type = roberta ? 0 : 1;
  single_ = {cls, {Kind::first, {}, 0}, {Kind::special, {sep}, 0}};
  pair_ = single_;
  if (roberta) pair_.push_back({Kind::special, {sep}, 0});
  pair_.push_back({Kind::second, {}, second_type});
  pair_.push_back({Kind::special, {sep}, second_type});
}

ProcessedIds PostProcessor::apply(std::span<const std::int32_t> first,
                                  std::optional<std::span<const std::int32_t>> second) const {
  ProcessedIds result;
  for (const Item& item : second ? pair_ : single_) {
    std::span<const std::int32_t> ids = item.ids;
    if (item.kind == Item::Kind::first) ids = first;
    if (item.kind == Item::Kind::second) ids = second ? *second : std::span<const std::int32_t>{};
    result.ids.insert(result.ids.end(), ids.begin(), ids.end());
    result.types.insert(result.types.end(), ids.size(), item.type);
  }
  return result;
}

}  // namespace attn
