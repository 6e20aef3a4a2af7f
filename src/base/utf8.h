#pragma once
// UTF-8: check, decode, encode, count. What characters are (letters, spaces, …) is text/unicode's business.

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace attn {

/// A code point and how many bytes it took; 0 bytes if there is no valid character.
struct CodePoint {
  char32_t value;
  int bytes;
};

/// The character at `text[position]`. `bytes` is 0 at the end and where the bytes are no valid UTF-8
/// (overlong forms, surrogates and values above U+10FFFF are not).
CodePoint decode_utf8(std::string_view text, std::size_t position = 0);

/// Appends a code point; surrogates and values above U+10FFFF become U+FFFD.
void append_utf8(std::string& out, char32_t code_point);
std::string encode_utf8(char32_t code_point);

/// The offset of the first byte that is not part of a valid character; nothing if all is valid.
std::optional<std::size_t> find_invalid_utf8(std::string_view text);

/// Number of characters of valid UTF-8.
std::size_t count_code_points(std::string_view text);

/// How many bytes at the end begin a character whose rest is still to come (0 to 3): for texts read in
/// pieces.
std::size_t incomplete_utf8_suffix(std::string_view text);

/// All code points of valid UTF-8.
std::u32string to_code_points(std::string_view text);
std::string from_code_points(std::u32string_view code_points);

}  // namespace attn
