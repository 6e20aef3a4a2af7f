#pragma once
// Text to token ids and back, in the format of the `tokenizers` library (tokenizer.json).

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace attn {

/// One token of an encoded text; begin and end are byte offsets into that text.
struct EncodedToken {
  std::int32_t id;
  std::int64_t begin, end;
};

class Tokenizer {
 public:
  virtual ~Tokenizer() = default;

  /// Number of ids; every id is below it.
  virtual int vocabulary_size() const = 0;
  /// Ids with byte offsets; special tokens written out in the text are recognised only if `with_special`.
  virtual std::vector<EncodedToken> encode_with_offsets(std::string_view text, bool with_special = false) const = 0;
  /// The text of these ids; special tokens are left out. Inverse of encode for valid UTF-8 under byte and bpe.
  virtual std::string decode(std::span<const std::int32_t> ids) const = 0;
  /// The raw bytes that this id stands for: may be part of a character. Special tokens: their name.
  virtual std::string token_bytes(std::int32_t id) const = 0;
  virtual bool is_special(std::int32_t id) const = 0;
  /// The id of a special or ordinary token by its name in the file; nothing if there is none.
  virtual std::optional<std::int32_t> id_of(std::string_view name) const = 0;
  /// The id that unknown characters become; nothing if every text can be encoded.
  virtual std::optional<std::int32_t> unknown_id() const = 0;
  /// "char", "byte", "bpe", "word", …: for people.
  virtual std::string kind() const = 0;
  /// The contents of tokenizer.json.
  virtual std::string to_json() const = 0;

  std::vector<std::int32_t> encode(std::string_view text) const;
  /// The token as tables show it: its text, bytes that are no whole character as `\xE2`, special tokens by name.
  std::string token_text(std::int32_t id) const;
};

/// The end-of-text token of decoder-only models.
inline constexpr std::string_view kEndOfText = "<|endoftext|>";

/// Reads a tokenizer.json. Throws Error naming `file` and the unsupported or damaged component.
std::unique_ptr<Tokenizer> tokenizer_from_json(std::string_view json, const std::string& file);

enum class TokenizerKind { character, byte, bpe, word };

/// What a tokenizer is trained with.
struct TokenizerTraining {
  TokenizerKind kind = TokenizerKind::bpe;
  int vocabulary_size = 1024;             // upper bound, special tokens included; char, byte: what the text needs
  std::vector<std::string> special_tokens;  // get the first ids, in this order
};

/// Learns from texts that `next_text` hands out until it returns false. Deterministic: BPE merges the most frequent
/// pair, ties broken by the lexicographically greatest pair of byte strings; a pair that occurs once is not merged.
template <class Next>
std::unique_ptr<Tokenizer> train_tokenizer(const TokenizerTraining& options, Next&& next_text);

}  // namespace attn
