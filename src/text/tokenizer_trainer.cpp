#include "text/tokenizer_trainer.h"

#include <algorithm>
#include <array>
#include <numeric>
#include <set>

#include "base/error.h"
#include "base/json.h"
#include "base/utf8.h"
#include "text/bpe_trainer.h"
#include "text/byte_alphabet.h"
#include "text/pieces.h"
#include "text/pipeline_tokenizer.h"
#include "text/unicode.h"

namespace attn {
namespace {

constexpr std::int32_t kBytes = 256;

/// Names in the order of their ids, special ones first.
class Names {
 public:
  Names(const std::vector<std::string>& special, const TokenizerTraining& training) {
    for (const std::string& name : special) {
      const bool takes_space = name == training.mask_token && training.kind == TokenizerKind::bpe;
      add(name);
      added_.push_back(Json::object()
                           .set("id", size() - 1)
                           .set("content", name)
                           .set("single_word", false)
                           .set("lstrip", takes_space)
                           .set("rstrip", false)
                           .set("normalized", false)
                           .set("special", true));
    }
  }
  void add(const std::string& name) { json_.append(name, count_++); }
  int size() const { return count_; }
  const Json& vocabulary() const { return json_; }
  const Json& added() const { return added_; }

 private:
  Json json_ = Json::object();
  Json added_ = Json::array();
  int count_ = 0;
};

Json typed(std::string_view type) {
  return Json::object().set("type", type);
}

/// [CLS] A [SEP], and of a pair [CLS] A [SEP] B [SEP], where B and what follows are of type 1.
Json special_tokens_around(const TokenizerTraining& training, const Json& vocabulary) {
  if (training.first_token.empty() && training.last_token.empty()) return {};
  const auto item = [](const char* what, std::string_view id, int type) {
    return Json::object().set(what, Json::object().set("id", id).set("type_id", type));
  };
  Json single = Json::array(), special = Json::object();
  const auto add_text = [&](Json& items, const char* text, int type) {
    items.push_back(item("Sequence", text, type));
    if (!training.last_token.empty()) items.push_back(item("SpecialToken", training.last_token, type));
  };
  if (!training.first_token.empty()) single.push_back(item("SpecialToken", training.first_token, 0));
  add_text(single, "A", 0);
  Json pair = single;
  add_text(pair, "B", 1);
  for (const std::string& name : {training.first_token, training.last_token}) {
    if (name.empty()) continue;
    Json ids = Json::array(), tokens = Json::array();
    ids.push_back(vocabulary.at(name));
    tokens.push_back(name);
    special.set(name, Json::object().set("id", name).set("ids", std::move(ids)).set("tokens", std::move(tokens)));
  }
  Json result = typed("TemplateProcessing");
  result.set("single", std::move(single)).set("pair", std::move(pair)).set("special_tokens", std::move(special));
  return result;
}

std::unique_ptr<Tokenizer> assemble(const TokenizerTraining& training, const Names& names, Json pre_tokenizer,
                                    Json decoder, Json model) {
  Json json;
  json.set("added_tokens", names.added()).set("normalizer", training.lowercase ? typed("Lowercase") : Json());
  json.set("pre_tokenizer", std::move(pre_tokenizer)).set("decoder", std::move(decoder));
  json.set("post_processor", special_tokens_around(training, names.vocabulary()));
  json.set("model", std::move(model.set("vocab", names.vocabulary())));
  return std::make_unique<PipelineTokenizer>(json, "the new tokenizer");
}

std::vector<std::string> with_unknown(const TokenizerTraining& training) {
  std::vector<std::string> special = training.special_tokens;
  if (std::count(special.begin(), special.end(), training.unknown_token) == 0) {
    special.push_back(training.unknown_token);
  }
  return special;
}

/// One token for each character of the text, in the order of code points.
std::unique_ptr<Tokenizer> train_characters(const TokenizerTraining& training, const NextText& next_text) {
  constexpr std::size_t kCodePoints = 0x110000;
  std::vector<bool> seen(kCodePoints);
  std::string text;
  while (next_text(text)) {
    for (std::size_t i = 0; i < text.size();) {
      const CodePoint character = decode_utf8(text, i);
      if (character.bytes > 0) seen[character.value] = true;
      i += static_cast<std::size_t>(std::max(character.bytes, 1));
    }
  }
  Names names(with_unknown(training), training);
  for (std::size_t c = 0; c < kCodePoints; ++c) {
    if (seen[c]) names.add(encode_utf8(static_cast<char32_t>(c)));
  }
  Json split = typed("Split");
  split.set("pattern", Json::object().set("Regex", R"([\s\S])")).set("behavior", "Isolated").set("invert", false);
  return assemble(training, names, std::move(split), typed("Fuse"),
                  typed("WordLevel").set("unk_token", training.unknown_token));
}

void count_words(WordCounter& words, FindPiece find, const NextText& next_text) {
  std::string text;
  while (next_text(text)) {
    for (Piece piece = find(text, 0); piece.begin < piece.end; piece = find(text, piece.end)) {
      words.add(std::string_view(text).substr(piece.begin, piece.end - piece.begin));
    }
  }
}

std::unique_ptr<Tokenizer> byte_level(const TokenizerTraining& training, const LearntMerges& learnt) {
  std::vector<std::string> by_id;  // names of learnt tokens
  for (const std::string& token : learnt.tokens) by_id.push_back(to_alphabet(token));
  Names names(training.special_tokens, training);
  // The alphabet's order is that of its characters, so visible bytes come first.
  std::vector<std::string> bytes(by_id.begin(), by_id.begin() + kBytes);
  std::sort(bytes.begin(), bytes.end());
  for (const std::string& name : bytes) names.add(name);
  for (std::size_t i = kBytes; i < by_id.size(); ++i) names.add(by_id[i]);
  Json merges = Json::array();
  for (const auto& [left, right] : learnt.merges) {
    merges.push_back(by_id[static_cast<std::size_t>(left)] + " " + by_id[static_cast<std::size_t>(right)]);
  }
  Json bytes_step = typed("ByteLevel");
  bytes_step.set("add_prefix_space", false).set("trim_offsets", false).set("use_regex", true);
  return assemble(training, names, bytes_step, bytes_step, typed("BPE").set("merges", std::move(merges)));
}

std::unique_ptr<Tokenizer> train_bytes(const TokenizerTraining& training, const NextText& next_text) {
  const int smallest = kBytes + static_cast<int>(training.special_tokens.size());
  if (training.kind == TokenizerKind::byte) return byte_level(training, learn_merges(WordCounter(), kBytes));
  if (training.vocabulary_size < smallest) {
    usage_error("--vocab-size ", training.vocabulary_size, " is too small for bpe: bytes and special tokens take ",
                smallest);
  }
  WordCounter words;
  count_words(words, find_gpt2_piece, next_text);
  const auto tokens = static_cast<std::size_t>(training.vocabulary_size) - training.special_tokens.size();
  return byte_level(training, learn_merges(words, tokens));
}

/// The most frequent words; of equally frequent ones the lexicographically first.
std::unique_ptr<Tokenizer> train_words(const TokenizerTraining& training, const NextText& next_text) {
  Names names(with_unknown(training), training);
  if (training.vocabulary_size <= names.size()) {
    usage_error("--vocab-size ", training.vocabulary_size, " is too small for word: special tokens take ",
                names.size());
  }
  WordCounter words;
  count_words(words, find_word, next_text);
  std::vector<std::size_t> order(words.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return words.count(a) != words.count(b) ? words.count(a) > words.count(b) : words.word(a) < words.word(b);
  });
  const std::set<std::string> special(training.special_tokens.begin(), training.special_tokens.end());
  for (const std::size_t index : order) {
    if (names.size() >= training.vocabulary_size) break;
    const std::string word(words.word(index));
    if (word != training.unknown_token && !special.contains(word)) names.add(word);
  }
  return assemble(training, names, typed("Whitespace"), Json(),
                  typed("WordLevel").set("unk_token", training.unknown_token));
}

}  // namespace

void use_encoder_tokens(TokenizerTraining& training) {
  training.special_tokens.clear();
  for (const auto& name : {kPadToken, kEncoderUnknownToken, kClassifierToken, kSeparatorToken, kMaskToken}) {
    training.special_tokens.emplace_back(name);
  }
  training.unknown_token = kEncoderUnknownToken;
  training.first_token = kClassifierToken;
  training.last_token = kSeparatorToken;
  training.mask_token = kMaskToken;
}

std::unique_ptr<Tokenizer> train_tokenizer(const TokenizerTraining& training, const NextText& next_text) {
  const NextText next_lower = [&next_text](std::string& text) {
    if (!next_text(text)) return false;
    text = to_lower(text);
    return true;
  };
  const NextText& next = training.lowercase ? next_lower : next_text;
  switch (training.kind) {
    case TokenizerKind::character:
      return train_characters(training, next);
    case TokenizerKind::word:
      return train_words(training, next);
    default:
      return train_bytes(training, next);
  }
}

}  // namespace attn
