#pragma once
// Reads pages for the browser back, independently of what writes them.

#include <doctest/doctest.h>

#include <string>

namespace attn {

/// What stands between `begin` and the next `end`, from `at` on; `at` moves behind it.
inline std::string between(const std::string& text, const std::string& begin, const std::string& end, std::size_t& at) {
  const std::size_t first = text.find(begin, at);
  REQUIRE(first != std::string::npos);
  const std::size_t last = text.find(end, first + begin.size());
  REQUIRE(last != std::string::npos);
  at = last;
  return text.substr(first + begin.size(), last - first - begin.size());
}

/// Decodes independently of base64(): four letters make 24 bits.
inline std::string from_base64(const std::string& letters) {
  const std::string alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string bytes;
  unsigned bits = 0;
  int count = 0;
  for (const char letter : letters) {
    if (letter == '=') break;
    bits = bits << 6 | static_cast<unsigned>(alphabet.find(letter));
    count += 6;
    if (count < 8) continue;
    count -= 8;
    bytes += static_cast<char>(bits >> count & 255);
  }
  return bytes;
}

}  // namespace attn
