#include "inspection/attention_words.h"

#include <algorithm>

#include "text/unicode.h"

namespace attn {
namespace {

enum class Kind : unsigned char { space, word, other };

bool is_apostrophe(std::string_view character) {
  return character == "'" || character == "\xE2\x80\x99";
}

/// The kind of the character to which each byte belongs.
std::vector<Kind> kinds_of(std::string_view text) {
  const CharacterClasses& classes = CharacterClasses::table();
  std::vector<Kind> kinds;
  kinds.reserve(text.size());
  for (std::size_t i = 0, length = 0; i < text.size(); i += length) {
    const std::uint8_t found = classes.at(text, i, length);
    Kind kind = (found & kSpace) != 0 ? Kind::space : (found & kWordCharacter) != 0 ? Kind::word : Kind::other;
    const std::size_t after = i + length;
    std::size_t ignored = 0;
    // The apostrophe of "don't" belongs to the word, that of "'tis" does not.
    if (is_apostrophe(text.substr(i, length)) && i > 0 && kinds.back() == Kind::word && after < text.size() &&
        (classes.at(text, after, ignored) & kLetter) != 0) {
      kind = Kind::word;
    }
    kinds.insert(kinds.end(), length, kind);
  }
  return kinds;
}

/// What decides whether a token goes on with the word before it.
struct Piece {
  bool alone = false;  // a special token or one without text
  bool blank = false;  // nothing but space
  Kind first = Kind::space, last = Kind::space;
};

Piece describe_piece(const EncodedToken& token, const std::vector<Kind>& kinds, const Tokenizer& tokenizer) {
  Piece piece;
  piece.alone = token.begin >= token.end || tokenizer.is_special(token.id);
  if (piece.alone) return piece;
  const auto begin = kinds.begin() + token.begin, end = kinds.begin() + token.end;
  piece.first = *begin;
  piece.last = *(end - 1);
  piece.blank = std::all_of(begin, end, [](Kind kind) { return kind == Kind::space; });
  return piece;
}

bool continues(const Piece& before, const Piece& piece) {
  if (before.alone || piece.alone) return false;
  if (before.blank || piece.blank) return before.blank && piece.blank;
  return piece.first != Kind::space && before.last == piece.first;
}

std::string text_of(const Word& word, std::string_view text, std::span<const EncodedToken> tokens,
                    const std::vector<Kind>& kinds) {
  const std::int64_t end = tokens[static_cast<std::size_t>(word.end - 1)].end;
  std::int64_t begin = tokens[static_cast<std::size_t>(word.first)].begin;
  const auto is_space = [&kinds](std::int64_t place) { return kinds[static_cast<std::size_t>(place)] == Kind::space; };
  const std::int64_t whole = begin;
  while (begin < end && is_space(begin)) ++begin;
  if (begin == end) begin = whole;
  return std::string(text.substr(static_cast<std::size_t>(begin), static_cast<std::size_t>(end - begin)));
}

}  // namespace

std::vector<Word> find_words(std::string_view text, std::span<const EncodedToken> tokens, const Tokenizer& tokenizer) {
  const std::vector<Kind> kinds = kinds_of(text);
  std::vector<Word> words;
  Piece before;
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    const Piece piece = describe_piece(tokens[i], kinds, tokenizer);
    const int place = static_cast<int>(i);
    if (words.empty() || !continues(before, piece)) words.push_back({place, place, ""});
    words.back().end = place + 1;
    before = piece;
  }
  for (Word& word : words) {
    const EncodedToken& first = tokens[static_cast<std::size_t>(word.first)];
    const bool named = first.begin >= first.end || tokenizer.is_special(first.id);
    word.text = named ? tokenizer.token_text(first.id) : text_of(word, text, tokens, kinds);
  }
  return words;
}

AttentionRecord merge_words(const AttentionRecord& record, std::span<const Word> query_words,
                            std::span<const Word> key_words) {
  AttentionRecord merged = record;
  merged.queries = static_cast<int>(query_words.size());
  merged.keys = static_cast<int>(key_words.size());
  merged.scores.clear();
  merged.weights.clear();
  merged.weights.reserve(static_cast<std::size_t>(record.heads) * query_words.size() * key_words.size());
  for (int head = 0; head < record.heads; ++head) {
    const float* matrix = record.weights.data() + std::ptrdiff_t{head} * record.queries * record.keys;
    for (const Word& query : query_words) {
      for (const Word& key : key_words) {
        double sum = 0;
        for (int t = query.first; t < query.end; ++t) {
          for (int s = key.first; s < key.end; ++s)
            sum += static_cast<double>(matrix[std::ptrdiff_t{t} * record.keys + s]);
        }
        merged.weights.push_back(static_cast<float>(sum / (query.end - query.first)));
      }
    }
  }
  return merged;
}

}  // namespace attn
