#include "text/tokenizer_trainer.h"

#include <doctest/doctest.h>

#include <map>

#include "base/error.h"
#include "base/json.h"
#include "text/bpe_trainer.h"
#include "text/byte_alphabet.h"
#include "text/pieces.h"
#include "text_samples.h"

namespace attn {
namespace {

using Pair = std::pair<std::string, std::string>;

/// The definition, word for word: count all pairs, merge the most frequent one, of equals the greatest, start again.
std::vector<Pair> learn_slowly(const WordCounter& words, std::size_t merges) {
  std::vector<std::pair<std::vector<std::string>, std::int64_t>> texts;
  for (std::size_t i = 0; i < words.size(); ++i) {
    std::vector<std::string> bytes;
    for (const char byte : words.word(i)) bytes.emplace_back(1, byte);
    texts.emplace_back(bytes, words.count(i));
  }
  std::vector<Pair> learnt;
  while (learnt.size() < merges) {
    std::map<Pair, std::int64_t> counts;
    for (const auto& [tokens, count] : texts) {
      for (std::size_t i = 0; i + 1 < tokens.size(); ++i) counts[{tokens[i], tokens[i + 1]}] += count;
    }
    std::int64_t most = 1;
    Pair best;
    for (const auto& [pair, count] : counts) {
      if (count >= most && count >= 2) best = pair, most = count;
    }
    if (most < 2) break;
    learnt.push_back(best);
    for (auto& [tokens, count] : texts) {
      for (std::size_t i = 0; i + 1 < tokens.size(); ++i) {
        if (tokens[i] != best.first || tokens[i + 1] != best.second) continue;
        tokens[i] += tokens[i + 1];
        tokens.erase(tokens.begin() + static_cast<std::ptrdiff_t>(i) + 1);
      }
    }
  }
  return learnt;
}

std::vector<Pair> learnt_pairs(const LearntMerges& learnt) {
  std::vector<Pair> pairs;
  for (const auto& [left, right] : learnt.merges) {
    pairs.emplace_back(learnt.tokens[static_cast<std::size_t>(left)], learnt.tokens[static_cast<std::size_t>(right)]);
  }
  return pairs;
}

WordCounter words_of(std::string_view text) {
  WordCounter words;
  for (Piece piece = find_gpt2_piece(text, 0); piece.begin < piece.end; piece = find_gpt2_piece(text, piece.end)) {
    words.add(text.substr(piece.begin, piece.end - piece.begin));
  }
  return words;
}

TEST_CASE("tokenizer training: merges are those of the definition") {
  const WordCounter sample = words_of(sample_text());
  CHECK(learnt_pairs(learn_merges(sample, 256 + 60)) == learn_slowly(sample, 60));
  for (std::uint64_t seed = 0; seed < 25; ++seed) {
    // Few letters, so that runs, overlaps and ties abound.
    const RandomStream random(seed, RandomPurpose::data);
    std::string text;
    for (std::uint64_t i = 0; i < 400; ++i) text += "aaabbc  "[random.below(i, 8)];
    const WordCounter words = words_of(text);
    CAPTURE(text);
    CHECK(learnt_pairs(learn_merges(words, 10000)) == learn_slowly(words, 10000));
  }
}

TEST_CASE("tokenizer training: merges are those of the tokenizers library where no two pairs are equally frequent") {
  const Json reference = read_json("tests/reference/learnt_merges.json");
  WordCounter words;
  for (const auto& [word, count] : reference.at("counts").as_object()) {
    for (std::int64_t i = 0; i < count.as_int(); ++i) words.add(word);
  }
  const auto& merges = reference.at("merges").as_array();
  const auto learnt = learnt_pairs(learn_merges(words, 256 + merges.size()));
  REQUIRE(learnt.size() == merges.size());
  for (std::size_t i = 0; i < merges.size(); ++i) {
    CHECK(to_alphabet(learnt[i].first) + " " + to_alphabet(learnt[i].second) == merges[i].as_string());
  }
}

TEST_CASE("tokenizer training: the same text gives the same file, in however many parts it comes") {
  const std::string text = sample_text();
  const auto train = [&](TokenizerKind kind, std::size_t lines) {
    TokenizerTraining training;
    training.kind = kind;
    training.vocabulary_size = 350;
    training.special_tokens = {"<|endoftext|>", "<pad>"};
    std::size_t position = 0;
    const auto tokenizer = train_tokenizer(training, [&](std::string& out) {
      if (position >= text.size()) return false;
      std::size_t end = position;
      for (std::size_t i = 0; i < lines && end < text.size(); ++i) end = text.find('\n', end) + 1;
      out = text.substr(position, end - position);
      position = end;
      return true;
    });
    CHECK(tokenizer->id_of("<|endoftext|>") == 0);
    CHECK(tokenizer->id_of("<pad>") == 1);
    CHECK(tokenizer->vocabulary_size() <= 350);
    return tokenizer->to_json();
  };
  for (const auto kind : {TokenizerKind::byte, TokenizerKind::character, TokenizerKind::word, TokenizerKind::bpe}) {
    CHECK(train(kind, 90) == train(kind, 90));
    CHECK(train(kind, 3) == train(kind, 90));
  }
}

TEST_CASE("tokenizer training: words are counted in bounded memory, frequent ones exactly") {
  WordCounter words(1000, 100'000);
  for (int i = 0; i < 20'000; ++i) {
    words.add("rare" + std::to_string(i));
    if (i % 10 == 0) words.add("often");
    if (i % 100 == 0) words.add("sometimes");
  }
  CHECK(words.size() <= 1000);
  std::map<std::string, std::int64_t> counts;
  for (std::size_t i = 0; i < words.size(); ++i) counts[std::string(words.word(i))] = words.count(i);
  CHECK(counts["often"] == 2000);
  CHECK(counts["sometimes"] == 200);
  WordCounter bytes(1000, 10'000);
  for (int i = 0; i < 500; ++i) bytes.add(std::string(100, 'x') + std::to_string(i));
  CHECK(bytes.size() <= 100);
}

std::unique_ptr<Tokenizer> encoder_tokenizer(TokenizerKind kind) {
  TokenizerTraining training{.kind = kind, .vocabulary_size = 300, .special_tokens = {}};
  use_encoder_tokens(training);
  bool given = false;
  return train_tokenizer(training, [&](std::string& text) {
    text = sample_text();
    return !std::exchange(given, true);
  });
}

TEST_CASE("tokenizer training: an encoder's texts stand between [CLS] and [SEP]") {
  for (const auto kind : {TokenizerKind::byte, TokenizerKind::character, TokenizerKind::word, TokenizerKind::bpe}) {
    // As read from the file that it writes.
    const auto tokenizer = tokenizer_from_json(encoder_tokenizer(kind)->to_json(), "tokenizer.json");
    const std::vector<std::string> names{"[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"};
    for (std::int32_t id = 0; id < 5; ++id) {
      CHECK(tokenizer->id_of(names[static_cast<std::size_t>(id)]) == id);
      CHECK(tokenizer->is_special(id));
    }
    const std::vector<std::int32_t> a{10, 11}, b{12};
    const ProcessedIds single = tokenizer->add_special_tokens(a);
    CHECK(single.ids == std::vector<std::int32_t>{2, 10, 11, 3});
    CHECK(single.types == std::vector<std::int32_t>{0, 0, 0, 0});
    const ProcessedIds pair = tokenizer->add_special_tokens(a, b);
    CHECK(pair.ids == std::vector<std::int32_t>{2, 10, 11, 3, 12, 3});
    CHECK(pair.types == std::vector<std::int32_t>{0, 0, 0, 0, 1, 1});
    const bool unknown = kind == TokenizerKind::character || kind == TokenizerKind::word;
    CHECK(tokenizer->unknown_id() == (unknown ? std::optional<std::int32_t>(1) : std::nullopt));
  }
}

TEST_CASE("tokenizer training: under bpe [MASK] takes the space that a word's first token would hold") {
  const auto ids_of = [](const Tokenizer& tokenizer, std::string_view text) {
    std::vector<std::int32_t> ids;
    for (const EncodedToken& token : tokenizer.encode_with_offsets(text, true)) ids.push_back(token.id);
    return ids;
  };
  for (const auto kind : {TokenizerKind::byte, TokenizerKind::character, TokenizerKind::bpe}) {
    const auto tokenizer = encoder_tokenizer(kind);
    const std::size_t word = tokenizer->encode(" fox").size();
    const auto ids = ids_of(*tokenizer, "the [MASK] fox");
    CHECK(ids.size() == tokenizer->encode("the").size() + (kind == TokenizerKind::bpe ? 1 : 2) + word);
    CHECK(std::count(ids.begin(), ids.end(), 4) == 1);
  }
}

TEST_CASE("tokenizer training: an end token alone goes behind every text") {
  TokenizerTraining training{.kind = TokenizerKind::byte, .special_tokens = {"<pad>", "</s>"}, .last_token = "</s>"};
  const auto tokenizer = train_tokenizer(training, [](std::string&) { return false; });
  const std::vector<std::int32_t> a{10, 11}, b{12};
  CHECK(tokenizer->add_special_tokens(a).ids == std::vector<std::int32_t>{10, 11, 1});
  CHECK(tokenizer->add_special_tokens(a, b).ids == std::vector<std::int32_t>{10, 11, 1, 12, 1});
}

TEST_CASE("tokenizer training: a word vocabulary holds the most frequent words") {
  TokenizerTraining training;
  training.kind = TokenizerKind::word;
  training.vocabulary_size = 4;
  training.lowercase = true;
  bool given = false;
  const auto tokenizer = train_tokenizer(training, [&](std::string& text) {
    text = "b B b a a c";
    return !std::exchange(given, true);
  });
  CHECK(tokenizer->vocabulary_size() == 4);
  CHECK(tokenizer->id_of("b") == 1);
  CHECK(tokenizer->id_of("a") == 2);
  CHECK(tokenizer->id_of("c") == 3);
  CHECK(tokenizer->encode("A x") == std::vector<std::int32_t>{2, 0});
  training.vocabulary_size = 1;
  CHECK_THROWS_AS(train_tokenizer(training, [](std::string&) { return false; }), Error);
  training.kind = TokenizerKind::bpe;
  training.vocabulary_size = 255;
  CHECK_THROWS_AS(train_tokenizer(training, [](std::string&) { return false; }), Error);
}

}  // namespace
}  // namespace attn
