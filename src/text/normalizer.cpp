#include "text/normalizer.h"

#include <algorithm>

#include "base/error.h"
#include "base/utf8.h"

namespace attn {

AlignedText::AlignedText(std::string_view original, std::size_t offset) : text_(original) {
  for (std::size_t i = 0; i < original.size();) {
    const auto length = static_cast<std::size_t>(std::max(decode_utf8(original, i).bytes, 1));
    for (std::size_t k = 0; k < length; ++k) {
      begins_.push_back(offset + i + k);
      ends_.push_back(offset + i + k + 1);
    }
    i += length;
  }
}

void AlignedText::append(std::string_view bytes, std::size_t begin, std::size_t end) {
  text_ += bytes;
  begins_.resize(text_.size(), begin);
  ends_.resize(text_.size(), end);
}

void AlignedText::map_characters(const std::function<void(std::string& out, char32_t character)>& change) {
  AlignedText changed;
  changed.text_.reserve(text_.size());
  std::string out;
  for (std::size_t i = 0; i < text_.size();) {
    const CodePoint character = decode_utf8(text_, i);
    const auto length = static_cast<std::size_t>(std::max(character.bytes, 1));
    out.clear();
    if (character.bytes == 0) {
      out = text_[i];
    } else {
      change(out, character.value);
    }
    if (std::string_view(text_).substr(i, length) == out) {
      for (std::size_t k = i; k < i + length; ++k) changed.append({&text_[k], 1}, begins_[k], ends_[k]);
    } else {
      changed.append(out, begins_[i], ends_[i + length - 1]);
    }
    i += length;
  }
  *this = std::move(changed);
}

void AlignedText::prepend(std::string_view prefix) {
  if (text_.empty()) return;
  const auto length = static_cast<std::size_t>(std::max(decode_utf8(text_).bytes, 1));
  const std::size_t begin = begins_[0];
  const std::size_t end = ends_[length - 1];
  text_.insert(0, prefix);
  begins_.insert(begins_.begin(), prefix.size(), begin);
  ends_.insert(ends_.begin(), prefix.size(), end);
}

void AlignedText::replace(std::string_view pattern, std::string_view content) {
  AlignedText changed;
  for (std::size_t i = 0; i < text_.size();) {
    if (!pattern.empty() && std::string_view(text_).substr(i, pattern.size()) == pattern) {
      changed.append(content, begins_[i], ends_[i + pattern.size() - 1]);
      i += pattern.size();
    } else {
      changed.append({&text_[i], 1}, begins_[i], ends_[i]);
      ++i;
    }
  }
  *this = std::move(changed);
}

AlignedText AlignedText::part(std::size_t begin, std::size_t end) const {
  const auto first = static_cast<std::ptrdiff_t>(begin);
  const auto last = static_cast<std::ptrdiff_t>(end);
  AlignedText result;
  result.text_ = text_.substr(begin, end - begin);
  result.begins_.assign(begins_.begin() + first, begins_.begin() + last);
  result.ends_.assign(ends_.begin() + first, ends_.begin() + last);
  return result;
}

namespace {

bool flag(const Json& json, std::string_view name, bool otherwise) {
  const Json* value = json.find(name);
  return value == nullptr || value->is_null() ? otherwise : value->as_bool(concat("normalizer: ", name));
}

void lower(std::string& out, char32_t character) {
  append_lower(out, character);
}
void without_accents(std::string& out, char32_t character) {
  append_without_accents(out, character);
}

/// Drops control characters, makes every space plain.
void clean(std::string& out, char32_t character) {
  const std::uint8_t classes = CharacterClasses::table().of(character);
  if (classes & kControl) return;
  if (classes & kSpace) {
    out += ' ';
  } else {
    append_utf8(out, character);
  }
}

void set_chinese_apart(std::string& out, char32_t character) {
  const bool chinese = (CharacterClasses::table().of(character) & kChinese) != 0;
  if (chinese) out += ' ';
  append_utf8(out, character);
  if (chinese) out += ' ';
}

TextChange each_character(void (*change)(std::string&, char32_t)) {
  return [change](AlignedText& text) { text.map_characters(change); };
}

std::vector<TextChange> bert_changes(const Json& json) {
  std::vector<TextChange> changes;
  const bool lowercase = flag(json, "lowercase", true);
  if (flag(json, "clean_text", true)) changes.push_back(each_character(clean));
  if (flag(json, "handle_chinese_chars", true)) changes.push_back(each_character(set_chinese_apart));
  if (flag(json, "strip_accents", lowercase)) changes.push_back(each_character(without_accents));
  if (lowercase) changes.push_back(each_character(lower));
  return changes;
}

TextChange replacement(const Json& json, const std::string& file) {
  const Json* pattern = json.at("pattern", "normalizer Replace").find("String");
  if (pattern == nullptr) fail(file, ": the normalizer Replace with a regular expression is not supported");
  return [pattern = pattern->as_string(), content = json.at("content").as_string()](AlignedText& text) {
    text.replace(pattern, content);
  };
}

}  // namespace

std::vector<TextChange> text_changes_from_json(const Json& json, const std::string& file) {
  if (json.is_null()) return {};
  const std::string& type = json.at("type", file + ": normalizer").as_string(file + ": normalizer type");
  if (type == "BertNormalizer") return bert_changes(json);
  if (type == "Lowercase") return {each_character(lower)};
  if (type == "Replace") return {replacement(json, file)};
  if (type == "Prepend") {
    return {[prefix = json.at("prepend").as_string()](AlignedText& text) { text.prepend(prefix); }};
  }
  if (type != "Sequence") fail(file, ": the normalizer \"", type, "\" is not supported");
  std::vector<TextChange> changes;
  for (const Json& part : json.at("normalizers", file + ": normalizer").as_array(file + ": normalizers")) {
    for (TextChange& change : text_changes_from_json(part, file)) changes.push_back(std::move(change));
  }
  return changes;
}

}  // namespace attn
