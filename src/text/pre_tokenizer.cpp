#include "text/pre_tokenizer.h"

#include "base/error.h"

namespace attn {
namespace {

bool flag(const Json& json, std::string_view name, bool otherwise) {
  const Json* value = json.find(name);
  return value == nullptr || value->is_null() ? otherwise : value->as_bool(concat("pre_tokenizer: ", name));
}

FindPiece find_of_split(const Json& json, const std::string& file) {
  const Json& pattern = json.at("pattern", file + ": pre_tokenizer Split");
  const Json* expression = pattern.find("Regex");
  const FindPiece find = expression == nullptr ? nullptr : piece_finder_of_pattern(expression->as_string());
  if (find == nullptr)
    fail(file, ": the pre_tokenizer Split with the pattern ", write_json(pattern), " is not supported");
  const std::string& behavior = json.at("behavior", file + ": pre_tokenizer Split").as_string();
  if (behavior != "Isolated" || flag(json, "invert", false)) {
    fail(file, ": the pre_tokenizer Split with behavior \"", behavior, "\" is not supported");
  }
  return find;
}

PreTokenizer metaspace(const Json& json, const std::string& file) {
  PreTokenizer result;
  result.metaspace = true;
  if (const Json* replacement = json.find("replacement")) result.replacement = replacement->as_string();
  if (result.replacement != "▁") {
    fail(file, ": the pre_tokenizer Metaspace with replacement \"", result.replacement, "\" is not supported");
  }
  std::string scheme = flag(json, "add_prefix_space", true) ? "always" : "never";
  if (const Json* written = json.find("prepend_scheme")) scheme = written->as_string();
  using Prefix = PreTokenizer::Prefix;
  result.prefix = scheme == "never" ? Prefix::never : scheme == "first" ? Prefix::first : Prefix::always;
  if (flag(json, "split", true)) result.find = find_metaspace_word;
  return result;
}

/// A Split, then bytes: Llama 3 and its like.
PreTokenizer sequence(const Json& json, const std::string& file) {
  PreTokenizer result;
  std::string names;
  for (const Json& part : json.at("pretokenizers", file + ": pre_tokenizer").as_array(file + ": pretokenizers")) {
    const std::string& type = part.at("type", file + ": pre_tokenizer").as_string();
    names += (names.empty() ? "" : ", ") + type;
    const PreTokenizer step = pre_tokenizer_from_json(part, file);
    const bool cuts = step.find != find_everything;
    if (step.changes_text() || result.byte_level || (cuts && result.find != find_everything)) {
      fail(file, ": the pre_tokenizer Sequence of ", names, " is not supported");
    }
    if (cuts) result.find = step.find;
    result.byte_level = step.byte_level;
  }
  return result;
}

}  // namespace

void PreTokenizer::prepare(AlignedText& text, bool first) const {
  if (prefix_space && !text.text().starts_with(' ')) text.prepend(" ");
  if (!metaspace) return;
  text.replace(" ", replacement);
  const bool wanted = prefix == Prefix::always || (prefix == Prefix::first && first);
  if (wanted && !text.text().starts_with(replacement)) text.prepend(replacement);
}

PreTokenizer pre_tokenizer_from_json(const Json& json, const std::string& file) {
  PreTokenizer result;
  if (json.is_null()) return result;
  const std::string& type = json.at("type", file + ": pre_tokenizer").as_string(file + ": pre_tokenizer type");
  if (type == "Sequence") return sequence(json, file);
  if (type == "Metaspace") return metaspace(json, file);
  if (type == "Split") {
    result.find = find_of_split(json, file);
  } else if (type == "Whitespace") {
    result.find = find_word;
  } else if (type == "WhitespaceSplit") {
    result.find = find_between_spaces;
  } else if (type == "BertPreTokenizer") {
    result.find = find_bert_word;
  } else if (type == "ByteLevel") {
    result.byte_level = true;
    result.prefix_space = flag(json, "add_prefix_space", true);
    if (flag(json, "use_regex", true)) result.find = find_gpt2_piece;
  } else {
    fail(file, ": the pre_tokenizer \"", type, "\" is not supported");
  }
  return result;
}

}  // namespace attn
