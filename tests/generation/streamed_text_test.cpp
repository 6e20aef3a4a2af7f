#include "generation/streamed_text.h"

#include <doctest/doctest.h>

#include "base/error.h"

namespace attn {

namespace {

// Token i stands for the i-th of the given byte strings.
class Pieces : public Tokenizer {
 public:
  explicit Pieces(std::vector<std::string> pieces) : pieces_(std::move(pieces)) {}
  int vocabulary_size() const override { return static_cast<int>(pieces_.size()); }
  std::vector<EncodedToken> encode_with_offsets(std::string_view, bool) const override { return {}; }
  std::string decode(std::span<const std::int32_t> ids) const override {
    std::string text;
    for (const std::int32_t id : ids) text += token_bytes(id);
    return text;
  }
  std::string token_bytes(std::int32_t id) const override { return pieces_[static_cast<std::size_t>(id)]; }
  bool is_special(std::int32_t) const override { return false; }
  std::optional<std::int32_t> id_of(std::string_view) const override { return {}; }
  std::optional<std::int32_t> unknown_id() const override { return {}; }
  std::string kind() const override { return "test"; }
  std::string to_json() const override { return {}; }
  std::size_t safe_cut(std::string_view) const override { return 0; }
  ProcessedIds add_special_tokens(std::span<const std::int32_t>,
                                  std::optional<std::span<const std::int32_t>>) const override {
    return {};
  }

 private:
  std::vector<std::string> pieces_;
};

// What each token of 0, 1, 2, … lets out, and at last the rest.
std::vector<std::string> outputs(const std::vector<std::string>& pieces, const std::vector<std::string>& stops) {
  const Pieces tokenizer(pieces);
  StreamedText stream(tokenizer, stops, {});
  std::vector<std::string> result;
  for (int id = 0; id < tokenizer.vocabulary_size(); ++id) result.push_back(stream.add(id));
  result.push_back(stream.finish());
  return result;
}

using Texts = std::vector<std::string>;

}  // namespace

TEST_CASE("only whole characters are let out") {
  CHECK(outputs({"a", "\xE2", "\x82", "\xAC!", "\xF0\x9F"}, {}) == Texts{"a", "", "", "€!", "", "\uFFFD"});
}

TEST_CASE("bytes that begin no character pass as they are") {
  CHECK(outputs({"a\xFF", "\x80", "b"}, {}) == Texts{"a\xFF", "\x80", "b", ""});
}

TEST_CASE("a stop text ends the text before it, however it is cut") {
  CHECK(outputs({"one", " t", "w", "o three", " four"}, {"two"}) == Texts{"one", " ", "", "", "", ""});
  CHECK(outputs({"one two three"}, {"two"}) == Texts{"one ", ""});
}

TEST_CASE("what looked like a stop text and was none comes later, complete") {
  CHECK(outputs({"a\n", "\n", "b"}, {"\n\n\n"}) == Texts{"a", "", "\n\nb", ""});
  CHECK(outputs({"aa", "a", "b"}, {"aab"}) == Texts{"", "a", "", ""});
  CHECK(outputs({"x", "ab"}, {"abc"}) == Texts{"x", "", "ab"});
}

TEST_CASE("the first of several stop texts counts") {
  CHECK(outputs({"1 ", "b a"}, {"a", "b"}) == Texts{"1 ", "", ""});
}

TEST_CASE("an empty stop text is an error") {
  CHECK_THROWS_AS(outputs({"a"}, {""}), Error);
}

}  // namespace attn
