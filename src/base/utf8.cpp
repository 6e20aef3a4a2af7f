#include "base/utf8.h"

#include <cstdint>
#include <cstring>

namespace attn {
namespace {

bool is_continuation(char byte) {
  return (byte & 0xC0) == 0x80;
}

/// Bytes that a character with this first byte has; 0 if no character starts so.
int length_from_first_byte(unsigned char first) {
  if (first < 0x80) return 1;
  if (first < 0xC2) return 0;
  if (first < 0xE0) return 2;
  if (first < 0xF0) return 3;
  return first < 0xF5 ? 4 : 0;
}

}  // namespace

CodePoint decode_utf8(std::string_view text, std::size_t position) {
  if (position >= text.size()) return {0, 0};
  const auto first = static_cast<unsigned char>(text[position]);
  const int length = length_from_first_byte(first);
  if (length == 1) return {first, 1};
  if (length == 0 || text.size() - position < static_cast<std::size_t>(length)) return {0, 0};
  char32_t value = first & (0x7Fu >> length);
  for (int i = 1; i < length; ++i) {
    const char byte = text[position + static_cast<std::size_t>(i)];
    if (!is_continuation(byte)) return {0, 0};
    value = value << 6 | (static_cast<unsigned char>(byte) & 0x3Fu);
  }
  if (length == 3 && (value < 0x800 || (value >= 0xD800 && value <= 0xDFFF))) return {0, 0};
  if (length == 4 && (value < 0x10000 || value > 0x10FFFF)) return {0, 0};
  return {value, length};
}

void append_utf8(std::string& out, char32_t code_point) {
  if ((code_point >= 0xD800 && code_point <= 0xDFFF) || code_point > 0x10FFFF) code_point = 0xFFFD;
  const auto low_bits = [&](int shift) { return static_cast<char>(0x80 | ((code_point >> shift) & 0x3F)); };
  if (code_point < 0x80) {
    out += static_cast<char>(code_point);
  } else if (code_point < 0x800) {
    out += static_cast<char>(0xC0 | (code_point >> 6));
    out += low_bits(0);
  } else if (code_point < 0x10000) {
    out += static_cast<char>(0xE0 | (code_point >> 12));
    out += low_bits(6);
    out += low_bits(0);
  } else {
    out += static_cast<char>(0xF0 | (code_point >> 18));
    out += low_bits(12);
    out += low_bits(6);
    out += low_bits(0);
  }
}

std::string encode_utf8(char32_t code_point) {
  std::string out;
  append_utf8(out, code_point);
  return out;
}

std::optional<std::size_t> find_invalid_utf8(std::string_view text) {
  constexpr std::uint64_t kHighBits = 0x8080808080808080u;
  std::size_t position = 0;
  while (position < text.size()) {
    while (position + 8 <= text.size()) {
      std::uint64_t block;
      std::memcpy(&block, text.data() + position, 8);
      if (block & kHighBits) break;
      position += 8;
    }
    if (position >= text.size()) break;
    const CodePoint character = decode_utf8(text, position);
    if (character.bytes == 0) return position;
    position += static_cast<std::size_t>(character.bytes);
  }
  return std::nullopt;
}

std::size_t count_code_points(std::string_view text) {
  std::size_t count = 0;
  for (const char byte : text) count += !is_continuation(byte);
  return count;
}

std::size_t incomplete_utf8_suffix(std::string_view text) {
  for (std::size_t back = 1; back <= 3 && back <= text.size(); ++back) {
    const char byte = text[text.size() - back];
    if (is_continuation(byte)) continue;
    const int length = length_from_first_byte(static_cast<unsigned char>(byte));
    return static_cast<std::size_t>(length) > back ? back : 0;
  }
  return 0;
}

std::u32string to_code_points(std::string_view text) {
  std::u32string code_points;
  std::size_t position = 0;
  while (position < text.size()) {
    const CodePoint character = decode_utf8(text, position);
    if (character.bytes == 0) break;
    code_points += character.value;
    position += static_cast<std::size_t>(character.bytes);
  }
  return code_points;
}

std::string from_code_points(std::u32string_view code_points) {
  std::string out;
  for (const char32_t code_point : code_points) append_utf8(out, code_point);
  return out;
}

}  // namespace attn
