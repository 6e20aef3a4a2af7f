#include "inspection/attention_words.h"

#include <doctest/doctest.h>

#include "base/error.h"
#include "base/file.h"

namespace attn {
namespace {

/// The pieces as tokens of a text that they make up; special ones stand between them as "<…>" without any bytes.
struct Example {
  explicit Example(const std::vector<std::string>& pieces) {
    for (const std::string& piece : pieces) {
      const std::int64_t begin = static_cast<std::int64_t>(text.size());
      if (piece != "<s>") text += piece;
      // Of the reference tokenizer, 0 is special and 7 is an ordinary character.
      tokens.push_back({piece == "<s>" ? 0 : 7, begin, static_cast<std::int64_t>(text.size())});
    }
  }
  std::string text;
  std::vector<EncodedToken> tokens;
};

std::vector<std::string> words_of(const std::vector<std::string>& pieces) {
  const std::string path = "tests/reference/gpt2/tokenizer.json";
  const auto tokenizer = tokenizer_from_json(read_file(path), path);
  const Example example(pieces);
  std::vector<std::string> words;
  int next = 0;
  for (const Word& word : find_words(example.text, example.tokens, *tokenizer)) {
    CHECK(word.first == next);
    CHECK(word.end > word.first);
    next = word.end;
    words.push_back(word.text);
  }
  CHECK(next == static_cast<int>(pieces.size()));
  return words;
}

using Strings = std::vector<std::string>;

}  // namespace

TEST_CASE("words: pieces of a word belong together, spaces and punctuation begin anew") {
  CHECK(words_of({"un", "believ", "able", " sto", "ries", "!", "!"}) == Strings{"unbelievable", "stories", "!!"});
  CHECK(words_of({"a", " ", "b", " ", " ", "c"}) == Strings{"a", " ", "b", "  ", "c"});
  CHECK(words_of({"x", ",", "y", "_2", "."}) == Strings{"x", ",", "y_2", "."});
  CHECK(words_of({}) == Strings{});
}

TEST_CASE("words: apostrophes between letters belong to the word") {
  CHECK(words_of({"don", "'t", " '", "tis", "'"}) == Strings{"don't", "'", "tis", "'"});
  CHECK(words_of({"l", "\xE2\x80\x99", "eau"}) == Strings{"l\xE2\x80\x99"
                                                          "eau"});
}

TEST_CASE("words: letters of every script, and tokens that are parts of a character") {
  CHECK(words_of({"Stra", "ß", "e", "—", "n\xC3", "\xA9", "e"}) == Strings{"Straße", "—", "née"});
}

TEST_CASE("words: special tokens stand alone") {
  CHECK(words_of({"<s>", "ab", "c", "<s>", "d"}) == Strings{"<|endoftext|>", "abc", "<|endoftext|>", "d"});
}

TEST_CASE("words: keys are summed, queries averaged") {
  AttentionRecord record;
  record.heads = 1;
  record.queries = record.keys = 3;
  record.causal = true;
  record.weights = {1, 0, 0, 0.5f, 0.5f, 0, 0.25f, 0.25f, 0.5f};
  const std::vector<Word> words = {{0, 2, "ab"}, {2, 3, "c"}};
  const AttentionRecord merged = merge_words(record, words, words);
  CHECK(merged.queries == 2);
  CHECK(merged.keys == 2);
  CHECK(merged.causal);
  CHECK(merged.weights == std::vector<float>{1, 0, 0.5f, 0.5f});
}

}  // namespace attn
