#include "text/unicode.h"

#include <doctest/doctest.h>

#include "text/byte_alphabet.h"
#include "text/decoder.h"
#include "text/pieces.h"

namespace attn {
namespace {

int count_of(std::uint8_t mask) {
  int count = 0;
  for (char32_t c = 0; c < 0x110000; ++c) count += (CharacterClasses::table().of(c) & mask) != 0;
  return count;
}

TEST_CASE("unicode: as many letters, numbers, spaces and word characters as the tokenizers library knows") {
  CHECK(count_of(kLetter) == 141028);
  CHECK(count_of(kNumber) == 1911);
  CHECK(count_of(kSpace) == 25);
  CHECK(count_of(kWordCharacter) == 144667);
}

TEST_CASE("unicode: classes of some characters") {
  const auto of = [](char32_t c) { return CharacterClasses::table().of(c); };
  CHECK(of(U'é') == (kLetter | kWordCharacter));
  CHECK((of(U'½') & kNumber) != 0);
  CHECK(of(0x3000) == kSpace);
  CHECK(of(U'_') == (kWordCharacter | kPunctuation));
  CHECK((of(U'中') & kChinese) != 0);
  CHECK((of(0x0301) & kMark) != 0);
  CHECK((of(0) & kControl) != 0);
  CHECK((of(0x20000) & (kLetter | kChinese)) == (kLetter | kChinese));
}

TEST_CASE("unicode: lower case and stripped accents") {
  CHECK(to_lower("ÀBC ΣΑΣ İ ẞ ǅ 𐐀") == "àbc σασ i̇ ß ǆ 𐐨");
  std::string out;
  for (const char32_t c : U"éÅẗ각ﷲ中a\u0301\u1E9B") {
    if (c != 0) append_without_accents(out, c);
  }
  CHECK(out == "eAtᄀ\u1161\u11A8ﷲ中aſ");
}

TEST_CASE("unicode: GPT-2's alphabet has a character for every byte") {
  CHECK(to_alphabet(" a\n") == "ĠaĊ");
  std::string bytes;
  for (int byte = 0; byte < 256; ++byte) bytes += static_cast<char>(byte);
  CHECK(from_alphabet(to_alphabet(bytes)) == bytes);
  CHECK_FALSE(from_alphabet("a b"));
  CHECK_FALSE(from_alphabet("中"));
}

TEST_CASE("unicode: invalid bytes become one replacement character for each beginning of a character") {
  CHECK(replace_invalid_utf8("a\xFF"
                             "b") == "a\uFFFDb");
  CHECK(replace_invalid_utf8("\xE2\x82") == "\uFFFD");
  CHECK(replace_invalid_utf8("\xE2\x82\xE2\x82\xAC") == "\uFFFD€");
  CHECK(replace_invalid_utf8("\xF0\x9F\x98") == "\uFFFD");
  CHECK(replace_invalid_utf8("\xED\xA0\x80") == "\uFFFD\uFFFD\uFFFD");
  CHECK(replace_invalid_utf8("\xC0\x80") == "\uFFFD\uFFFD");
}

std::vector<std::string> pieces_of(FindPiece find, std::string_view text) {
  std::vector<std::string> pieces;
  for (Piece piece = find(text, 0); piece.begin < piece.end; piece = find(text, piece.end)) {
    pieces.emplace_back(text.substr(piece.begin, piece.end - piece.begin));
  }
  return pieces;
}

TEST_CASE("pieces: the known expressions") {
  using Pieces = std::vector<std::string>;
  CHECK(pieces_of(find_gpt2_piece, "I'll go  to 12b!? \n\n x") ==
        Pieces{"I", "'ll", " go", " ", " to", " 12", "b", "!?", " \n\n", " x"});
  CHECK(pieces_of(find_llama3_piece, "I'LL (go) 12345\n\n  x!\n") ==
        Pieces{"I", "'LL", " (", "go", ")", " ", "123", "45", "\n\n", " ", " x", "!\n"});
  CHECK(pieces_of(find_qwen2_piece, "12") == Pieces{"1", "2"});
  CHECK(pieces_of(find_word, "  a_1 b--c  ") == Pieces{"a_1", "b", "--", "c"});
  CHECK(pieces_of(find_bert_word, " don't-x ") == Pieces{"don", "'", "t", "-", "x"});
  CHECK(pieces_of(find_character, "a€\n") == Pieces{"a", "€", "\n"});
  CHECK(pieces_of(find_metaspace_word, "▁a▁▁b") == Pieces{"▁a", "▁", "▁b"});
  CHECK((piece_finder_of_pattern(kGpt2Pattern) == &find_gpt2_piece));
  CHECK((piece_finder_of_pattern("x") == nullptr));
}

}  // namespace
}  // namespace attn
