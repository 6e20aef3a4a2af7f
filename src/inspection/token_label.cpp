#include "inspection/token_label.h"

#include <algorithm>
#include <span>

#include "base/utf8.h"
#include "text/unicode.h"

namespace attn {

namespace {

struct Range {
  char32_t first, last;
};

/// Wide characters of Unicode's EastAsianWidth.txt, with the small gaps between emoji closed.
constexpr Range kWide[] = {{0x1100, 0x115F},   {0x231A, 0x231B},   {0x23E9, 0x23EC},   {0x2614, 0x2615},
                           {0x2648, 0x2653},   {0x26AA, 0x26AB},   {0x26BD, 0x26BE},   {0x26C4, 0x26C5},
                           {0x2753, 0x2755},   {0x2795, 0x2797},   {0x2E80, 0x303E},   {0x3041, 0xA4CF},
                           {0xA960, 0xA97F},   {0xAC00, 0xD7A3},   {0xF900, 0xFAFF},   {0xFE10, 0xFE19},
                           {0xFE30, 0xFE6F},   {0xFF01, 0xFF60},   {0xFFE0, 0xFFE6},   {0x16FE0, 0x1B2FF},
                           {0x1F191, 0x1F19A}, {0x1F200, 0x1F265}, {0x1F300, 0x1F64F}, {0x1F680, 0x1F6FF},
                           {0x1F7E0, 0x1F7EB}, {0x1F900, 0x1F9FF}, {0x1FA70, 0x1FAFF}, {0x20000, 0x3FFFD}};

/// Joiners, marks of direction, invisible operators, the byte-order mark, and what no text may hold.
constexpr Range kHidden[] = {{0x80, 0x9F},     {0xAD, 0xAD},     {0x200B, 0x200F}, {0x2028, 0x202E},
                             {0x2060, 0x206F}, {0xFEFF, 0xFEFF}, {0xFFF9, 0xFFFB}, {0xFFFE, 0xFFFF}};

bool is_in(std::span<const Range> ranges, char32_t code_point) {
  return std::any_of(ranges.begin(), ranges.end(),
                     [&](const Range& range) { return code_point >= range.first && code_point <= range.last; });
}

void append_escape(std::string& out, char32_t code_point) {
  out += code_point < 0x80 ? "\\x" : "\\u";
  for (int shift = code_point < 0x80 ? 4 : 12; shift >= 0; shift -= 4) {
    out += "0123456789ABCDEF"[code_point >> shift & 15];
  }
}

}  // namespace

std::string token_label(std::string_view token) {
  std::string label;
  for (std::size_t i = 0; i < token.size();) {
    const CodePoint character = decode_utf8(token, i);
    i += static_cast<std::size_t>(std::max(character.bytes, 1));
    if (character.bytes == 0) {
      label += "\uFFFD";
    } else if (character.value == ' ') {
      label += "·";
    } else if (character.value == '\n') {
      label += "↵";
    } else if (character.value == '\t') {
      label += "⇥";
    } else if (character.value < 0x20 || character.value == 0x7F || is_in(kHidden, character.value)) {
      append_escape(label, character.value);
    } else {
      append_utf8(label, character.value);
    }
  }
  return label;
}

int columns_of(char32_t code_point) {
  if (code_point < 0x300) return 1;
  const bool joins = code_point >= 0xFE00 && code_point <= 0xFE0F;
  if (joins || (CharacterClasses::table().of(code_point) & kMark)) return 0;
  return is_in(kWide, code_point) ? 2 : 1;
}

int columns_of(std::string_view text) {
  int columns = 0;
  for (const char32_t code_point : to_code_points(text)) columns += columns_of(code_point);
  return columns;
}

std::string shortened(std::string_view text, int columns) {
  if (columns_of(text) <= columns) return std::string(text);
  std::string result;
  int used = 1;
  for (const char32_t code_point : to_code_points(text)) {
    used += columns_of(code_point);
    if (used > columns) break;
    append_utf8(result, code_point);
  }
  return columns > 0 ? result + "…" : "";
}

}  // namespace attn
