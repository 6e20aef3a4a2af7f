#include "text/byte_alphabet.h"

#include "base/utf8.h"

namespace attn {
namespace {

/// Bytes that are visible characters of Latin-1 stand for themselves.
bool is_visible(char32_t byte) {
  return (byte >= 0x21 && byte <= 0x7E) || (byte >= 0xA1 && byte <= 0xAC) || (byte >= 0xAE && byte <= 0xFF);
}

/// The other 68 bytes, in order, are U+0100 and up: 0-32, 127-160, 173.
char32_t invisible_byte(char32_t index) {
  if (index <= 32) return index;
  return index <= 66 ? index - 33 + 127 : 173;
}

char32_t invisible_index(char32_t byte) {
  if (byte <= 32) return byte;
  return byte <= 160 ? byte - 127 + 33 : 67;
}

}  // namespace

char32_t byte_to_alphabet(unsigned char byte) {
  return is_visible(byte) ? byte : 0x100 + invisible_index(byte);
}

std::optional<unsigned char> alphabet_to_byte(char32_t character) {
  if (is_visible(character)) return static_cast<unsigned char>(character);
  if (character < 0x100 || character > 0x100 + 67) return std::nullopt;
  return static_cast<unsigned char>(invisible_byte(character - 0x100));
}

std::string to_alphabet(std::string_view bytes) {
  std::string text;
  for (const char byte : bytes) append_utf8(text, byte_to_alphabet(static_cast<unsigned char>(byte)));
  return text;
}

std::optional<std::string> from_alphabet(std::string_view text) {
  std::string bytes;
  for (std::size_t i = 0; i < text.size();) {
    const CodePoint character = decode_utf8(text, i);
    const auto byte = alphabet_to_byte(character.value);
    if (character.bytes == 0 || !byte) return std::nullopt;
    bytes += static_cast<char>(*byte);
    i += static_cast<std::size_t>(character.bytes);
  }
  return bytes;
}

}  // namespace attn
