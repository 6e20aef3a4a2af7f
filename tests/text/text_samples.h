#pragma once
// Texts for the tests of tokenizers: ordinary ones to learn from, random ones to try.

#include <string>

#include "base/random.h"
#include "base/utf8.h"

namespace attn {

inline std::string sample_text() {
  std::string text;
  for (int i = 0; i < 30; ++i) {
    text +=
        "The quick brown fox jumps over the lazy dog. The dog sleeps; the fox doesn't, and they're both happy.\n"
        "Der Fuchs springt über den Hund. El niño y el perro. 日本語のテキスト and 12 (or 300) brown hens!\n"
        "    indented\ttabs\r\n";
  }
  return text;
}

/// Random characters of all planes among letters, digits, punctuation, line ends, NUL, combining marks and emoji.
inline std::string random_text(std::uint64_t seed, int most_characters) {
  static constexpr std::u32string_view kCommon =
      U"etaoinshrdlu     \n\n\t\r'\".,;!?0123456789THE\0éüñß日本語́̈👩‍🇩🇪\u00A0\u3000";
  const RandomStream random = RandomStream(seed, RandomPurpose::data);
  std::u32string text;
  const std::uint64_t length = random.below(0, static_cast<std::uint64_t>(most_characters));
  for (std::uint64_t i = 1; i <= length; ++i) {
    const std::uint64_t kind = random.below(3 * i, 10);
    const std::uint64_t planes = kind < 8 ? 0x3000 : 0x110000;
    const auto rare = static_cast<char32_t>(random.below(3 * i + 1, planes));
    text += kind < 7 ? kCommon[random.below(3 * i + 2, kCommon.size())] : rare;
  }
  return from_code_points(text);
}

}  // namespace attn
