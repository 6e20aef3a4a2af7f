#pragma once
// Properties of characters, equal to those that the `tokenizers` library uses, from generated tables.

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace attn {

/// Bits of a character's classes.
enum CharacterClass : std::uint8_t {
  kLetter = 1,         // \p{L}
  kNumber = 2,         // \p{N}
  kSpace = 4,          // \s
  kWordCharacter = 8,  // \w
  kPunctuation = 16,   // BERT's: ASCII symbols and \p{P}
  kControl = 32,       // what BERT's clean_text removes
  kMark = 64,          // \p{Mn}: what stripping accents removes
  kChinese = 128,      // what BERT sets apart as a word of its own
};

/// Looks classes up: a table for the first 2^16 code points, binary search above.
class CharacterClasses {
 public:
  /// The one table; made when first used.
  static const CharacterClasses& table();
  std::uint8_t of(char32_t code_point) const { return code_point < kTableSize ? basic_[code_point] : find(code_point); }
  /// Classes of the character at `text[position]` and its length; a byte that is no character has none and length 1.
  std::uint8_t at(std::string_view text, std::size_t position, std::size_t& length) const {
    const auto first = static_cast<unsigned char>(text[position]);
    length = 1;
    return first < 0x80 ? basic_[first] : at_wide(text, position, length);
  }

 private:
  static constexpr char32_t kTableSize = 0x10000;
  CharacterClasses();
  std::uint8_t at_wide(std::string_view text, std::size_t position, std::size_t& length) const;
  static std::uint8_t find(char32_t code_point);
  std::array<std::uint8_t, kTableSize> basic_;
};

/// Appends the character in lower case.
void append_lower(std::string& out, char32_t code_point);
/// Appends the character decomposed (NFD) and without its combining marks.
void append_without_accents(std::string& out, char32_t code_point);
/// The whole text in lower case, character by character.
std::string to_lower(std::string_view text);

}  // namespace attn
