#pragma once
// Models that look whole words up (WordLevel), or their longest known beginnings (WordPiece, as BERT).

#include <array>
#include <string>

#include "text/token_model.h"

namespace attn {

/// A piece is a token, or the unknown token. Serves characters and words.
class WordLevelModel final : public TokenModel {
 public:
  /// Encoding throws Error if a piece is unknown and `unknown_name` is not in the vocabulary.
  WordLevelModel(Vocabulary vocabulary, std::string unknown_name);
  void encode(std::string_view piece, std::vector<PieceToken>& out) const override;
  std::optional<std::int32_t> unknown_id() const override { return unknown_; }
  std::string_view type() const override { return "WordLevel"; }
  Json to_json() const override;

 private:
  std::string unknown_name_;
  std::optional<std::int32_t> unknown_;
  std::array<std::int32_t, 128> ascii_;  // ids of single ASCII characters, -1: none
};

/// The longest token that begins the piece, then the longest continuations, which the vocabulary marks by a prefix
/// (Schuster and Nakajima 2012; Devlin et al. 2018). A piece that cannot be covered is one unknown token.
class WordPieceModel final : public TokenModel {
 public:
  WordPieceModel(Vocabulary vocabulary, std::string unknown_name, std::string prefix, int longest_word);
  void encode(std::string_view piece, std::vector<PieceToken>& out) const override;
  std::optional<std::int32_t> unknown_id() const override { return unknown_; }
  std::string_view type() const override { return "WordPiece"; }
  Json to_json() const override;

 private:
  std::string unknown_name_, prefix_;
  std::int32_t unknown_;
  int longest_word_;  // characters; longer pieces are unknown
};

}  // namespace attn
