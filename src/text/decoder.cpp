#include "text/decoder.h"

#include <charconv>
#include <optional>

#include "base/error.h"
#include "base/utf8.h"
#include "text/byte_alphabet.h"

namespace attn {
namespace {

using Parts = std::vector<std::string>;

std::string join(const Parts& parts, std::string_view between = "") {
  std::string text;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    if (i > 0) text += between;
    text += parts[i];
  }
  return text;
}

void replace_all(std::string& text, std::string_view pattern, std::string_view content) {
  if (pattern.empty()) return;
  for (std::size_t at = text.find(pattern); at != std::string::npos; at = text.find(pattern, at + content.size())) {
    text.replace(at, pattern.size(), content);
  }
}

/// A token outside the alphabet (one that was added) stands for its own bytes.
Parts byte_level(Parts parts) {
  std::string bytes;
  for (const std::string& part : parts) bytes += from_alphabet(part).value_or(part);
  return {replace_invalid_utf8(bytes)};
}

std::optional<char> fallback_byte(std::string_view token) {
  unsigned byte = 0;
  if (token.size() != 6 || !token.starts_with("<0x") || token.back() != '>') return std::nullopt;
  const char* const digits = token.data() + 3;
  if (std::from_chars(digits, digits + 2, byte, 16).ptr != digits + 2) return std::nullopt;
  return static_cast<char>(byte);
}

/// Runs of tokens <0xE2> … become their text, or one U+FFFD a byte if they are no valid UTF-8.
Parts byte_fallback(Parts parts) {
  Parts result;
  std::string bytes;
  const auto flush = [&] {
    if (bytes.empty()) return;
    if (!find_invalid_utf8(bytes)) {
      result.push_back(bytes);
    } else {
      result.insert(result.end(), bytes.size(), "\uFFFD");
    }
    bytes.clear();
  };
  for (std::string& part : parts) {
    if (const auto byte = fallback_byte(part)) {
      bytes += *byte;
    } else {
      flush();
      result.push_back(std::move(part));
    }
  }
  flush();
  return result;
}

DecodeStep replace_step(const Json& json, const std::string& file) {
  const Json* pattern = json.at("pattern", file + ": decoder Replace").find("String");
  if (pattern == nullptr) fail(file, ": the decoder Replace with a regular expression is not supported");
  return [pattern = pattern->as_string(), content = json.at("content").as_string()](Parts parts) {
    for (std::string& part : parts) replace_all(part, pattern, content);
    return parts;
  };
}

DecodeStep strip_step(const Json& json) {
  const auto count = [&](std::string_view name) { return static_cast<std::size_t>(json.at(name).as_uint(name)); };
  return [content = json.at("content").as_string(), start = count("start"), stop = count("stop")](Parts parts) {
    for (std::string& part : parts) {
      for (std::size_t i = 0; i < start && part.starts_with(content); ++i) part.erase(0, content.size());
      for (std::size_t i = 0; i < stop && part.ends_with(content); ++i) part.resize(part.size() - content.size());
    }
    return parts;
  };
}

DecodeStep metaspace_step(const Json& json) {
  const Json* scheme = json.find("prepend_scheme");
  const Json* added = json.find("add_prefix_space");
  const bool prefixed = scheme != nullptr ? scheme->as_string() != "never" : added == nullptr || added->as_bool();
  return [prefixed](Parts parts) {
    for (std::size_t i = 0; i < parts.size(); ++i) {
      if (i == 0 && prefixed && parts[i].starts_with("▁")) parts[i].erase(0, std::string_view("▁").size());
      replace_all(parts[i], "▁", " ");
    }
    return parts;
  };
}

/// What the library takes out of English texts with spaces between all tokens.
void clean_up(std::string& text) {
  for (const auto& [from, to] : {std::pair{" .", "."},
                                 {" ?", "?"},
                                 {" !", "!"},
                                 {" ,", ","},
                                 {" ' ", "'"},
                                 {" n't", "n't"},
                                 {" 'm", "'m"},
                                 {" do not", " don't"},
                                 {" 's", "'s"},
                                 {" 've", "'ve"},
                                 {" 're", "'re"}}) {
    replace_all(text, from, to);
  }
}

DecodeStep word_piece_step(const Json& json) {
  const Json* prefix = json.find("prefix");
  const Json* cleanup = json.find("cleanup");
  return [prefix = prefix == nullptr ? "##" : prefix->as_string(),
          cleans = cleanup == nullptr || cleanup->as_bool()](Parts parts) {
    for (std::size_t i = 0; i < parts.size(); ++i) {
      if (i > 0) parts[i] = parts[i].starts_with(prefix) ? parts[i].substr(prefix.size()) : " " + parts[i];
      if (cleans) clean_up(parts[i]);
    }
    return parts;
  };
}

}  // namespace

std::string replace_invalid_utf8(std::string_view bytes) {
  std::string text;
  while (const auto invalid = find_invalid_utf8(bytes)) {
    text += bytes.substr(0, *invalid);
    text += "\uFFFD";
    bytes.remove_prefix(*invalid);
    // The longest beginning of a character is what some continuation would make valid.
    std::size_t length = 1;
    while (length < 3 && length < bytes.size()) {
      bool can_go_on = false;
      for (const char* rest : {"\x80", "\xBF", "\x80\x80", "\xBF\xBF", "\x80\x80\x80"}) {
        can_go_on |= decode_utf8(std::string(bytes.substr(0, length + 1)) + rest).bytes > static_cast<int>(length) + 1;
      }
      if (!can_go_on) break;
      ++length;
    }
    bytes.remove_prefix(length);
  }
  text += bytes;
  return text;
}

std::vector<DecodeStep> decode_steps_from_json(const Json& json, const std::string& file) {
  if (json.is_null()) return {[](const Parts& parts) { return Parts{join(parts, " ")}; }};
  const std::string& type = json.at("type", file + ": decoder").as_string(file + ": decoder type");
  if (type == "ByteLevel") return {byte_level};
  if (type == "Fuse") return {[](const Parts& parts) { return Parts{join(parts)}; }};
  if (type == "ByteFallback") return {byte_fallback};
  if (type == "Replace") return {replace_step(json, file)};
  if (type == "Strip") return {strip_step(json)};
  if (type == "Metaspace") return {metaspace_step(json)};
  if (type == "WordPiece") return {word_piece_step(json)};
  if (type != "Sequence") fail(file, ": the decoder \"", type, "\" is not supported");
  std::vector<DecodeStep> steps;
  for (const Json& part : json.at("decoders", file + ": decoder").as_array(file + ": decoders")) {
    for (DecodeStep& step : decode_steps_from_json(part, file)) steps.push_back(std::move(step));
  }
  return steps;
}

}  // namespace attn
