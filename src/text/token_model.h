#pragma once
// A tokenizer's model: pieces of text to ids by a vocabulary. Where a text is cut into pieces is not its business.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "text/vocabulary.h"

namespace attn {

/// A token of a piece and how many of the piece's bytes it covers.
struct PieceToken {
  std::int32_t id;
  std::uint32_t bytes;
};

class TokenModel {
 public:
  explicit TokenModel(Vocabulary vocabulary) : vocabulary_(std::move(vocabulary)) {}
  virtual ~TokenModel() = default;

  /// Appends the tokens of a piece; together they cover it.
  virtual void encode(std::string_view piece, std::vector<PieceToken>& out) const = 0;
  /// The id of what the vocabulary does not hold; nothing if it holds everything.
  virtual std::optional<std::int32_t> unknown_id() const = 0;
  /// "BPE", "WordLevel" or "WordPiece".
  virtual std::string_view type() const = 0;
  /// The "model" object of tokenizer.json.
  virtual Json to_json() const = 0;

  const Vocabulary& vocabulary() const { return vocabulary_; }

 protected:
  /// Name to id, ordered by id.
  Json vocabulary_json() const;
  Vocabulary vocabulary_;
};

/// Reads the "model" object. `byte_level`: pieces are bytes, the vocabulary is written in GPT-2's alphabet.
/// Throws Error naming `file` and what is damaged or not supported.
std::unique_ptr<TokenModel> token_model_from_json(const Json& json, bool byte_level, const std::string& file);

}  // namespace attn
