#include "base/utf8.h"

#include <doctest/doctest.h>

#include <vector>

namespace attn {
namespace {

TEST_CASE("utf8: every code point encodes and decodes to itself") {
  for (char32_t value = 0; value <= 0x10FFFF; ++value) {
    if (value == 0xD800) value = 0xE000;
    const std::string text = encode_utf8(value);
    const CodePoint decoded = decode_utf8(text);
    if (decoded.value != value || static_cast<std::size_t>(decoded.bytes) != text.size() || find_invalid_utf8(text)) {
      FAIL("code point ", static_cast<unsigned>(value));
    }
  }
}

TEST_CASE("utf8: what is no character is found at its first byte") {
  const std::vector<std::string> invalid = {"\x80",
                                            "\xBF",
                                            "\xC0\x80",
                                            "\xC1\xBF",
                                            "\xC3",
                                            "\xC3(",
                                            "\xE0\x9F\xBF",
                                            "\xE2\x82",
                                            "\xED\xA0\x80",
                                            "\xED\xBF\xBF",
                                            "\xF0\x8F\xBF\xBF",
                                            "\xF0\x9F\x98",
                                            "\xF4\x90\x80\x80",
                                            "\xF5\x80\x80\x80",
                                            "\xFE",
                                            "\xFF"};
  for (const std::string& bytes : invalid) {
    for (const std::string before : {"", "abc", "0123456789", "é€😀", "01234567é"}) {
      CHECK(find_invalid_utf8(before + bytes) == before.size());
      CHECK(find_invalid_utf8(before + bytes + " and more text") == before.size());
      CHECK(decode_utf8(before + bytes, before.size()).bytes == 0);
    }
  }
  CHECK_FALSE(find_invalid_utf8(""));
  CHECK_FALSE(find_invalid_utf8(std::string("a\0b", 3)));
  CHECK_FALSE(find_invalid_utf8("plain text é€😀 plain text again"));
}

TEST_CASE("utf8: counting and converting") {
  CHECK(count_code_points("aé€😀") == 4);
  CHECK(to_code_points("aé€😀") == U"aé€😀");
  CHECK(from_code_points(U"aé€😀") == "aé€😀");
  CHECK(encode_utf8(0xD800) == "\xEF\xBF\xBD");
  CHECK(encode_utf8(0x110000) == "\xEF\xBF\xBD");
}

TEST_CASE("utf8: a character cut at the end of a piece is recognised") {
  CHECK(incomplete_utf8_suffix("a") == 0);
  CHECK(incomplete_utf8_suffix("é") == 0);
  CHECK(incomplete_utf8_suffix("a\xC3") == 1);
  CHECK(incomplete_utf8_suffix("\xE2\x82") == 2);
  CHECK(incomplete_utf8_suffix("\xF0\x9F\x98") == 3);
  CHECK(incomplete_utf8_suffix("\xF0\x9F\x98\x80") == 0);
  CHECK(incomplete_utf8_suffix("\x80\x80\x80\x80") == 0);
}

}  // namespace
}  // namespace attn
