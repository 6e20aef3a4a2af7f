#include "text/tokenizer.h"

#include <doctest/doctest.h>

#include "base/error.h"
#include "base/json.h"
#include "base/utf8.h"
#include "text/tokenizer_trainer.h"
#include "text_samples.h"

namespace attn {
namespace {

std::vector<std::int32_t> ids_of(const Json& list) {
  std::vector<std::int32_t> ids;
  for (const Json& id : list.as_array()) ids.push_back(static_cast<std::int32_t>(id.as_int()));
  return ids;
}

std::vector<std::int32_t> ids_of(const std::vector<EncodedToken>& tokens) {
  std::vector<std::int32_t> ids;
  for (const EncodedToken& token : tokens) ids.push_back(token.id);
  return ids;
}

/// Offsets as Python counts them: in characters, the whole character where a token is part of one.
std::vector<std::int32_t> character_offsets(std::string_view text, const std::vector<EncodedToken>& tokens) {
  std::vector<std::int32_t> offsets;
  for (const EncodedToken& token : tokens) {
    auto begin = static_cast<std::size_t>(token.begin);
    while (begin > 0 && begin < text.size() && (text[begin] & 0xC0) == 0x80) --begin;
    offsets.push_back(static_cast<std::int32_t>(count_code_points(text.substr(0, begin))));
    offsets.push_back(
        static_cast<std::int32_t>(count_code_points(text.substr(0, static_cast<std::size_t>(token.end)))));
  }
  return offsets;
}

void check_case(const Tokenizer& tokenizer, const Json& expected) {
  const std::string& text = expected.at("text").as_string();
  CAPTURE(text);
  const auto tokens = tokenizer.encode_with_offsets(text, true);
  const auto ids = ids_of(tokens);
  CHECK(ids == ids_of(expected.at("ids")));
  std::vector<std::int32_t> offsets;
  for (const Json& pair : expected.at("offsets").as_array()) {
    for (const std::int32_t offset : ids_of(pair)) offsets.push_back(offset);
  }
  CHECK(character_offsets(text, tokens) == offsets);
  CHECK(tokenizer.decode(ids) == expected.at("decoded").as_string());
  CHECK(tokenizer.add_special_tokens(ids).ids == ids_of(expected.at("single")));
  const ProcessedIds pair = tokenizer.add_special_tokens(ids, std::span<const std::int32_t>(ids));
  CHECK(pair.ids == ids_of(expected.at("pair")));
  CHECK(pair.types == ids_of(expected.at("types")));
}

std::unique_ptr<Tokenizer> trained(TokenizerKind kind, const std::string& text, int size = 400) {
  TokenizerTraining training;
  training.kind = kind;
  training.vocabulary_size = size;
  training.special_tokens = {std::string(kEndOfText)};
  bool given = false;
  return train_tokenizer(training, [&](std::string& out) {
    out = text;
    return !std::exchange(given, true);
  });
}

std::unique_ptr<Tokenizer> reread(const Tokenizer& tokenizer) {
  return tokenizer_from_json(tokenizer.to_json(), "again.json");
}

TEST_CASE("tokenizer: ids, offsets, texts and special tokens are those of the tokenizers library") {
  const Json references = read_json("tests/reference/tokenizer_cases.json");
  CHECK(references.as_array().size() == 9);
  for (const Json& reference : references.as_array()) {
    CAPTURE(reference.at("name").as_string());
    const auto tokenizer = tokenizer_from_json(write_json(reference.at("tokenizer")), "reference.json");
    const auto again = reread(*tokenizer);
    CHECK(again->to_json() == tokenizer->to_json());
    for (const Json& expected : reference.at("cases").as_array()) {
      check_case(*tokenizer, expected);
      check_case(*again, expected);
    }
  }
}

TEST_CASE("tokenizer: text to ids to text is the identity under byte and bpe, and offsets tile the text") {
  for (const TokenizerKind kind : {TokenizerKind::byte, TokenizerKind::bpe}) {
    const auto tokenizer = trained(kind, sample_text());
    CHECK(tokenizer->kind() == (kind == TokenizerKind::byte ? "byte" : "bpe"));
    CHECK_FALSE(tokenizer->unknown_id());
    for (std::uint64_t seed = 0; seed < 300; ++seed) {
      const std::string text = random_text(seed, 80);
      const auto tokens = tokenizer->encode_with_offsets(text);
      CHECK(tokenizer->decode(ids_of(tokens)) == text);
      CHECK(tokenizer->encode(text) == ids_of(tokens));
      std::int64_t end = 0;
      std::string bytes;
      for (const EncodedToken& token : tokens) {
        CHECK(token.begin == end);
        end = token.end;
        bytes += tokenizer->token_bytes(token.id);
      }
      CHECK(end == static_cast<std::int64_t>(text.size()));
      CHECK(bytes == text);
    }
  }
}

TEST_CASE("tokenizer: a text cut where safe_cut says has the ids of the whole, whatever follows") {
  for (const TokenizerKind kind : {TokenizerKind::byte, TokenizerKind::bpe, TokenizerKind::word}) {
    const auto tokenizer = trained(kind, sample_text());
    int cuts = 0;
    for (std::uint64_t seed = 0; seed < 300; ++seed) {
      const std::string before = random_text(seed, 60);
      const std::string text = before + random_text(seed + 1000, 20);
      const std::size_t cut = tokenizer->safe_cut(before);
      REQUIRE(cut <= before.size());
      if (cut == 0) continue;
      ++cuts;
      auto ids = tokenizer->encode(std::string_view(text).substr(0, cut));
      const auto rest = tokenizer->encode(std::string_view(text).substr(cut));
      ids.insert(ids.end(), rest.begin(), rest.end());
      CHECK(ids == tokenizer->encode(text));
    }
    CHECK(cuts > 100);
  }
}

TEST_CASE("tokenizer: long words are merged as short ones are") {
  const auto tokenizer = trained(TokenizerKind::bpe, sample_text());
  for (const std::size_t length : {50u, 99u, 100u, 101u, 102u, 300u, 5000u}) {
    std::string word;
    while (word.size() < length) word += "thelazydogsleepsaaa";
    word.resize(length);
    std::string without_spaces;
    for (const std::int32_t id : tokenizer->encode(word)) without_spaces += tokenizer->token_bytes(id);
    CHECK(without_spaces == word);
    // Merges apply in order of rank everywhere, so where a prefix has the same tokens does not depend on the length.
    const auto whole = tokenizer->encode(word);
    const auto part = tokenizer->encode(std::string_view(word).substr(0, 38));
    CHECK(std::equal(part.begin(), part.begin() + 5, whole.begin()));
  }
}

TEST_CASE("tokenizer: characters that a char tokenizer has not seen become its unknown token") {
  const auto tokenizer = trained(TokenizerKind::character, "abc äöü\n\0😀");
  CHECK(tokenizer->kind() == "char");
  const auto unknown = tokenizer->unknown_id();
  REQUIRE(unknown);
  CHECK(tokenizer->id_of(kUnknownToken) == unknown);
  CHECK(tokenizer->is_special(*unknown));
  const auto ids = tokenizer->encode("aXä☃b");
  REQUIRE(ids.size() == 5);
  CHECK(ids[1] == *unknown);
  CHECK(ids[3] == *unknown);
  CHECK(tokenizer->decode(ids) == "aäb");
  CHECK(tokenizer->decode(tokenizer->encode("cab üöä")) == "cab üöä");
}

TEST_CASE("tokenizer: tokens as tables show them") {
  const auto tokenizer = trained(TokenizerKind::byte, "");
  CHECK(tokenizer->vocabulary_size() == 257);
  const auto ids = tokenizer->encode(" €");
  REQUIRE(ids.size() == 4);
  CHECK(tokenizer->token_text(ids[0]) == " ");
  CHECK(tokenizer->token_text(ids[1]) == "\\xE2");
  CHECK(tokenizer->token_text(ids[2]) == "\\x82");
  CHECK(tokenizer->token_text(0) == kEndOfText);
  CHECK(tokenizer->is_special(0));
  CHECK_FALSE(tokenizer->is_special(ids[0]));
}

TEST_CASE("tokenizer: special tokens in a text count only when asked for") {
  const auto tokenizer = trained(TokenizerKind::bpe, sample_text());
  const std::string text = "a<|endoftext|>b";
  const auto plain = ids_of(tokenizer->encode_with_offsets(text));
  CHECK(tokenizer->decode(plain) == text);
  const auto special = tokenizer->encode_with_offsets(text, true);
  REQUIRE(special.size() == 3);
  CHECK(special[1].id == 0);
  CHECK(special[1].begin == 1);
  CHECK(special[1].end == 14);
  CHECK(tokenizer->decode(ids_of(special)) == "ab");
}

TEST_CASE("tokenizer: GPT-2's older files, and merges written as pairs") {
  const auto tokenizer = trained(TokenizerKind::bpe, sample_text());
  const Json json = parse_json(tokenizer->to_json(), "x");
  const Json& model = json.at("model");
  std::string merges = "#version: 0.2\n";
  Json pairs = Json::array();
  for (const Json& merge : model.at("merges").as_array()) {
    merges += merge.as_string() + "\n";
    const std::size_t space = merge.as_string().find(' ');
    pairs.push_back(Json::Array{merge.as_string().substr(0, space), merge.as_string().substr(space + 1)});
  }
  const auto older = tokenizer_from_gpt2_files(write_json(model.at("vocab")), merges, "vocab.json");
  Json changed = json;
  Json changed_model = model;
  changed_model.set("merges", pairs);
  changed.set("model", changed_model);
  const auto newer = tokenizer_from_json(write_json(changed), "x");
  CHECK(newer->to_json() == tokenizer->to_json());
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    const std::string text = random_text(seed, 50) + "<|endoftext|>";
    CHECK(ids_of(older->encode_with_offsets(text, true)) == ids_of(tokenizer->encode_with_offsets(text, true)));
  }
}

/// The message for a tokenizer.json in which one member is something else.
std::string message_with(std::string_view name, std::string_view value, std::string_view inside = "") {
  const auto tokenizer = trained(TokenizerKind::bpe, "some text, some more text");
  Json json = parse_json(tokenizer->to_json(), "x");
  const Json changed = parse_json(value, "test");
  if (inside.empty()) {
    json.set(name, changed);
  } else {
    Json part = json.at(inside);
    part.set(name, changed);
    json.set(inside, part);
  }
  try {
    tokenizer_from_json(write_json(json), "t.json");
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

TEST_CASE("tokenizer: what is not supported or damaged is named") {
  CHECK(message_with("model", R"({"type":"Unigram"})") == "t.json: model: the type \"Unigram\" is not supported");
  CHECK(message_with("normalizer", R"({"type":"NFKC"})") == "t.json: the normalizer \"NFKC\" is not supported");
  CHECK(message_with("pre_tokenizer", R"({"type":"Digits"})") ==
        "t.json: the pre_tokenizer \"Digits\" is not supported");
  CHECK(message_with("decoder", R"({"type":"CTC"})") == "t.json: the decoder \"CTC\" is not supported");
  CHECK(message_with("post_processor", R"({"type":"Odd"})") == "t.json: the post_processor \"Odd\" is not supported");
  CHECK(message_with("pre_tokenizer", R"({"type":"Split","pattern":{"Regex":"x+"},"behavior":"Isolated"})") ==
        "t.json: the pre_tokenizer Split with the pattern {\"Regex\":\"x+\"} is not supported");
  CHECK(message_with("end_of_word_suffix", "\"</w>\"", "model") ==
        "t.json: model: BPE with end_of_word_suffix is not supported");
  CHECK(message_with("vocab", R"({"a":0,"b":0})", "model") ==
        "t.json: model: the id 0 belongs to two tokens, \"a\" and \"b\"");
  CHECK(message_with("vocab", R"({"a":-1})", "model") == "t.json: model: the id -1 is impossible");
  CHECK(message_with("vocab", R"({"a":0})", "model").starts_with("t.json: model: merge 0 names \""));
  CHECK(message_with("merges", R"(["nospace"])", "model") == "t.json: model: merge 0 \"nospace\" is not a pair");
  CHECK(message_with("merges", "3", "model") == "t.json: model: found 3, expected an array");
  CHECK(
      message_with("added_tokens", R"([{"id":300000000,"content":"x"}])").starts_with("t.json: added_tokens: the id"));
  CHECK_THROWS_AS(tokenizer_from_json("{}", "t.json"), Error);
  CHECK_THROWS_AS(tokenizer_from_json("[1]", "t.json"), Error);
}

}  // namespace
}  // namespace attn
