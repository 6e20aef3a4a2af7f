#include "text/unicode.h"

#include <algorithm>
#include <span>

#include "base/utf8.h"
#include "text/unicode_tables.h"

namespace attn {
namespace {

/// Appends what the tables map this character to, or the character itself.
void append_mapped(std::string& out, char32_t code_point, std::span<const std::uint64_t> runs,
                   std::span<const std::uint32_t> longer) {
  const std::uint64_t key = static_cast<std::uint64_t>(code_point) << 32 | 0xFFFFFFFFu;
  const auto after = std::upper_bound(runs.begin(), runs.end(), key);
  if (after != runs.begin()) {
    const std::uint64_t run = *(after - 1);
    const auto first = static_cast<char32_t>(run >> 32);
    if (code_point - first <= ((run >> 22) & 0x3FF)) {
      const auto distance = static_cast<std::int64_t>(run & 0x3FFFFF) - (1 << 21);
      append_utf8(out, static_cast<char32_t>(static_cast<std::int64_t>(code_point) + distance));
      return;
    }
  }
  for (std::size_t i = 0; i < longer.size(); i += 4) {
    if (longer[i] != code_point) continue;
    for (std::size_t k = 1; k < 4 && longer[i + k] != 0; ++k) append_utf8(out, longer[i + k]);
    return;
  }
  append_utf8(out, code_point);
}

}  // namespace

const CharacterClasses& CharacterClasses::table() {
  static const CharacterClasses classes;
  return classes;
}

CharacterClasses::CharacterClasses() {
  for (std::size_t i = 0; i < kClassSegments.size(); ++i) {
    const std::uint32_t first = kClassSegments[i] >> 8;
    if (first >= kTableSize) break;
    const std::uint32_t next = i + 1 < kClassSegments.size() ? kClassSegments[i + 1] >> 8 : kTableSize;
    std::fill(basic_.begin() + first, basic_.begin() + std::min<std::uint32_t>(next, kTableSize),
              static_cast<std::uint8_t>(kClassSegments[i]));
  }
}

std::uint8_t CharacterClasses::find(char32_t code_point) {
  const std::uint32_t key = static_cast<std::uint32_t>(code_point) << 8 | 0xFF;
  const auto after = std::upper_bound(kClassSegments.begin(), kClassSegments.end(), key);
  return static_cast<std::uint8_t>(*(after - 1));
}

std::uint8_t CharacterClasses::at_wide(std::string_view text, std::size_t position, std::size_t& length) const {
  const CodePoint character = decode_utf8(text, position);
  if (character.bytes == 0) return 0;
  length = static_cast<std::size_t>(character.bytes);
  return of(character.value);
}

void append_lower(std::string& out, char32_t code_point) {
  if (code_point < 0x80) {
    out += static_cast<char>(code_point >= 'A' && code_point <= 'Z' ? code_point + 32 : code_point);
  } else {
    append_mapped(out, code_point, kLowerRuns, kLowerLonger);
  }
}

void append_without_accents(std::string& out, char32_t code_point) {
  constexpr char32_t kHangulFirst = 0xAC00;
  constexpr char32_t kHangulCount = 11172;
  if (code_point < 0x80) {
    out += static_cast<char>(code_point);
  } else if (code_point - kHangulFirst < kHangulCount) {
    // Unicode 3.12: a syllable is a lead, a vowel and maybe a tail, counted in this order.
    const char32_t index = code_point - kHangulFirst;
    append_utf8(out, 0x1100 + index / 588);
    append_utf8(out, 0x1161 + index % 588 / 28);
    if (index % 28 != 0) append_utf8(out, 0x11A7 + index % 28);
  } else if (!(CharacterClasses::table().of(code_point) & kMark)) {
    append_mapped(out, code_point, kStrippedRuns, kStrippedLonger);
  }
}

std::string to_lower(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size();) {
    const CodePoint character = decode_utf8(text, i);
    if (character.bytes == 0) {
      out += text[i++];
    } else {
      append_lower(out, character.value);
      i += static_cast<std::size_t>(character.bytes);
    }
  }
  return out;
}

}  // namespace attn
