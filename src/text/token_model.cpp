#include "text/token_model.h"

#include <limits>

#include "base/error.h"
#include "text/bpe_model.h"
#include "text/word_models.h"

namespace attn {
namespace {

Vocabulary read_vocabulary(const Json& json, const std::string& what) {
  Vocabulary vocabulary;
  for (const auto& [name, id] : json.as_object(what)) {
    const std::int64_t value = id.as_int(what);
    if (value < 0 || value > std::numeric_limits<std::int32_t>::max()) fail(what, ": the id ", value, " is impossible");
    vocabulary.add(name, static_cast<std::int32_t>(value));
  }
  return vocabulary;
}

std::string optional_string(const Json& json, std::string_view name, const std::string& what) {
  const Json* value = json.find(name);
  return value == nullptr || value->is_null() ? "" : value->as_string(what);
}

bool optional_flag(const Json& json, std::string_view name, const std::string& what) {
  const Json* value = json.find(name);
  return value != nullptr && !value->is_null() && value->as_bool(what);
}

/// A merge is "left right" or ["left", "right"].
BpeModel::Merges read_merges(const Json& json, const Vocabulary& vocabulary, const std::string& what) {
  BpeModel::Merges merges;
  const auto id_of = [&](std::string_view name) {
    const auto id = vocabulary.find(name);
    if (!id) fail(what, ": merge ", merges.size(), " names \"", name, "\", which is not in the vocabulary");
    return *id;
  };
  for (const Json& merge : json.as_array(what)) {
    if (merge.is_array()) {
      const auto& pair = merge.as_array();
      if (pair.size() != 2) fail(what, ": merge ", merges.size(), " has ", pair.size(), " parts, expected 2");
      merges.emplace_back(id_of(pair[0].as_string(what)), id_of(pair[1].as_string(what)));
    } else {
      const std::string_view pair = merge.as_string(what);
      const std::size_t space = pair.find(' ');
      if (space == std::string_view::npos) fail(what, ": merge ", merges.size(), " \"", pair, "\" is not a pair");
      merges.emplace_back(id_of(pair.substr(0, space)), id_of(pair.substr(space + 1)));
    }
  }
  return merges;
}

std::unique_ptr<TokenModel> read_bpe(const Json& json, Vocabulary vocabulary, bool byte_level,
                                     const std::string& what) {
  for (const std::string_view name : {"continuing_subword_prefix", "end_of_word_suffix"}) {
    if (!optional_string(json, name, what).empty()) fail(what, ": BPE with ", name, " is not supported");
  }
  if (const Json* dropout = json.find("dropout");
      dropout != nullptr && !dropout->is_null() && dropout->as_double(what) > 0) {
    fail(what, ": BPE with dropout is not supported");
  }
  BpeOptions options;
  options.byte_level = byte_level;
  options.byte_fallback = !byte_level && optional_flag(json, "byte_fallback", what);
  options.ignore_merges = optional_flag(json, "ignore_merges", what);
  options.fuse_unknown = optional_flag(json, "fuse_unk", what);
  options.unknown_name = optional_string(json, "unk_token", what);
  auto merges = read_merges(json.at("merges", what), vocabulary, what);
  return std::make_unique<BpeModel>(std::move(vocabulary), std::move(merges), std::move(options));
}

/// Files of old versions do not name the type.
std::string type_of(const Json& json, const std::string& what) {
  if (json.find("type") != nullptr) return json.at("type").as_string(what);
  if (json.find("merges") != nullptr) return "BPE";
  return json.find("continuing_subword_prefix") != nullptr ? "WordPiece" : "WordLevel";
}

}  // namespace

Json TokenModel::vocabulary_json() const {
  Json json = Json::object();
  for (std::int32_t id = 0; id < vocabulary_.size(); ++id) {
    if (vocabulary_.contains(id)) json.append(std::string(vocabulary_.name(id)), id);
  }
  return json;
}

std::unique_ptr<TokenModel> token_model_from_json(const Json& json, bool byte_level, const std::string& file) {
  const std::string what = file + ": model";
  const std::string type = type_of(json, what);
  if (type != "BPE" && type != "WordLevel" && type != "WordPiece") {
    fail(what, ": the type \"", type, "\" is not supported");
  }
  if (byte_level && type != "BPE") fail(what, ": the pre_tokenizer ByteLevel before a ", type, " is not supported");
  try {
    Vocabulary vocabulary = read_vocabulary(json.at("vocab", what), what);
    if (type == "BPE") return read_bpe(json, std::move(vocabulary), byte_level, what);
    const std::string unknown = optional_string(json, "unk_token", what);
    if (type == "WordLevel") return std::make_unique<WordLevelModel>(std::move(vocabulary), unknown);
    const Json* longest = json.find("max_input_chars_per_word");
    const std::int64_t longest_word = longest == nullptr ? 100 : longest->as_int(what);
    return std::make_unique<WordPieceModel>(std::move(vocabulary), unknown,
                                            optional_string(json, "continuing_subword_prefix", what),
                                            static_cast<int>(std::min<std::int64_t>(longest_word, 1 << 30)));
  } catch (const Error& error) {
    const std::string message = error.what();
    if (message.starts_with(what)) throw;
    fail(what, ": ", message);
  }
}

}  // namespace attn
