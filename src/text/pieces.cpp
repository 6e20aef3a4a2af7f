#include "text/pieces.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/utf8.h"
#include "text/unicode.h"

namespace attn {
namespace {

/// Reads a text's characters by class.
class Scanner {
 public:
  explicit Scanner(std::string_view text) : classes_(CharacterClasses::table()), text_(text) {}

  bool at_end(std::size_t position) const { return position >= text_.size(); }
  std::uint8_t class_at(std::size_t position, std::size_t& length) const {
    return classes_.at(text_, position, length);
  }

  /// The end of the run of characters with `(class & mask) != 0` being `wanted`, at most `limit` of them.
  std::size_t end_of_run(std::size_t position, std::uint8_t mask, bool wanted,
                         std::size_t limit = static_cast<std::size_t>(-1)) const {
    std::size_t length = 0;
    while (limit-- > 0 && !at_end(position) && ((class_at(position, length) & mask) != 0) == wanted) position += length;
    return position;
  }

 private:
  const CharacterClasses& classes_;
  std::string_view text_;
};

constexpr std::uint8_t kLetterNumberSpace = kLetter | kNumber | kSpace;

/// `\s+(?!\S)|\s+`: a run of spaces, but its last character is left to a word that follows.
std::size_t end_of_spaces(std::string_view text, const Scanner& scanner, std::size_t from) {
  const std::size_t end = scanner.end_of_run(from, kSpace, true);
  if (end == text.size()) return end;
  std::size_t last = end - 1;
  while ((text[last] & 0xC0) == 0x80) --last;
  return last > from ? last : end;
}

bool is_line_break(char c) {
  return c == '\n' || c == '\r';
}

/// `'s|'t|'re|'ve|'m|'ll|'d` in lower case; 0 if there is none.
std::size_t contraction_length(std::string_view text) {
  if (text.size() < 2 || text[0] != '\'') return 0;
  const char a = text[1];
  if (a == 's' || a == 't' || a == 'm' || a == 'd') return 2;
  if (text.size() < 3) return 0;
  const char b = text[2];
  return (a == 'r' && b == 'e') || (a == 'v' && b == 'e') || (a == 'l' && b == 'l') ? 3 : 0;
}

/// The same in any case; the long s (U+017F) folds to s.
std::size_t contraction_length_any_case(std::string_view text) {
  if (text.starts_with("'\u017F")) return 3;
  std::array<char, 3> lower{};
  const std::size_t size = std::min(text.size(), lower.size());
  std::transform(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(size), lower.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  return contraction_length({lower.data(), size});
}

/// `(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,digits}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|
/// \s+(?!\S)|\s+`
std::size_t end_of_llama3_piece(std::string_view text, std::size_t from, std::size_t digits) {
  if (const std::size_t length = contraction_length_any_case(text.substr(from))) return from + length;
  const Scanner scanner(text);
  std::size_t length = 0;
  const std::uint8_t first = scanner.class_at(from, length);
  if (first & kLetter) return scanner.end_of_run(from, kLetter, true);
  if (first & kNumber) return scanner.end_of_run(from, kNumber, true, digits);
  const std::size_t second = from + length;
  if (!is_line_break(text[from])) {
    const std::size_t letters_end = scanner.end_of_run(second, kLetter, true);
    if (letters_end > second) return letters_end;
  }
  const std::size_t symbols = text[from] == ' ' ? second : from;
  std::size_t end = scanner.end_of_run(symbols, kLetterNumberSpace, false);
  if (end > symbols) {
    while (end < text.size() && is_line_break(text[end])) ++end;
    return end;
  }
  const std::size_t spaces_end = scanner.end_of_run(from, kSpace, true);
  for (std::size_t last = spaces_end; last > from; --last) {
    if (is_line_break(text[last - 1])) return last;
  }
  return end_of_spaces(text, scanner, from);
}

}  // namespace

Piece find_gpt2_piece(std::string_view text, std::size_t from) {
  if (from >= text.size()) return {text.size(), text.size()};
  if (const std::size_t length = contraction_length(text.substr(from))) return {from, from + length};
  const Scanner scanner(text);
  const std::size_t start = text[from] == ' ' && from + 1 < text.size() ? from + 1 : from;
  std::size_t length = 0;
  const std::uint8_t kind = scanner.class_at(start, length) & kLetterNumberSpace;
  if (kind & kSpace) return {from, end_of_spaces(text, scanner, from)};
  if (kind == 0) return {from, scanner.end_of_run(start + length, kLetterNumberSpace, false)};
  return {from, scanner.end_of_run(start + length, kind, true)};
}

Piece find_llama3_piece(std::string_view text, std::size_t from) {
  if (from >= text.size()) return {text.size(), text.size()};
  return {from, end_of_llama3_piece(text, from, 3)};
}

Piece find_qwen2_piece(std::string_view text, std::size_t from) {
  if (from >= text.size()) return {text.size(), text.size()};
  return {from, end_of_llama3_piece(text, from, 1)};
}

Piece find_character(std::string_view text, std::size_t from) {
  if (from >= text.size()) return {text.size(), text.size()};
  if (static_cast<unsigned char>(text[from]) < 0x80) return {from, from + 1};
  const CodePoint character = decode_utf8(text, from);
  return {from, from + static_cast<std::size_t>(std::max(character.bytes, 1))};
}

Piece find_word(std::string_view text, std::size_t from) {
  const Scanner scanner(text);
  const std::size_t begin = scanner.end_of_run(from, kSpace, true);
  const std::size_t end = scanner.end_of_run(begin, kWordCharacter, true);
  if (end > begin) return {begin, end};
  return {begin, scanner.end_of_run(begin, kWordCharacter | kSpace, false)};
}

Piece find_between_spaces(std::string_view text, std::size_t from) {
  const Scanner scanner(text);
  const std::size_t begin = scanner.end_of_run(from, kSpace, true);
  return {begin, scanner.end_of_run(begin, kSpace, false)};
}

Piece find_bert_word(std::string_view text, std::size_t from) {
  const Scanner scanner(text);
  const std::size_t begin = scanner.end_of_run(from, kSpace, true);
  const std::size_t end = scanner.end_of_run(begin, kSpace | kPunctuation, false);
  if (end > begin || begin == text.size()) return {begin, end};
  return {begin, scanner.end_of_run(begin, kPunctuation, true, 1)};
}

Piece find_metaspace_word(std::string_view text, std::size_t from) {
  if (from >= text.size()) return {text.size(), text.size()};
  return {from, std::min(text.find("\u2581", from + 1), text.size())};
}

Piece find_everything(std::string_view text, std::size_t from) {
  return {from, text.size()};
}

FindPiece piece_finder_of_pattern(std::string_view pattern) {
  static constexpr std::array<std::pair<std::string_view, FindPiece>, 6> kKnown = {{
      {R"([\s\S])", find_character},
      {kGpt2Pattern, find_gpt2_piece},
      {R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)",
       find_llama3_piece},
      {R"('(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]++[\r\n]*|\s*[\r\n]|\s+(?!\S)|\s+)",
       find_llama3_piece},
      {R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)",
       find_qwen2_piece},
      {R"((?:'s|'t|'re|'ve|'m|'ll|'d)| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+)", find_gpt2_piece},
  }};
  for (const auto& [known, find] : kKnown) {
    if (known == pattern) return find;
  }
  return nullptr;
}

}  // namespace attn
