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

/// Ids with special tokens around them, and each one's token type (0: first text, 1: second).
struct ProcessedIds {
  std::vector<std::int32_t> ids, types;
};

/// Encoding may use a cache inside: one thread at a time.
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

  /// The ids alone. The text may be cut, see safe_cut().
  virtual std::vector<std::int32_t> encode(std::string_view text) const;
  /// Where the beginning of a longer text can be cut off so that its two parts give the ids of the whole: the last
  /// such place in `text`, whatever comes after it; 0 if there is none.
  virtual std::size_t safe_cut(std::string_view text) const = 0;
  /// The ids with the special tokens that the file's post-processor puts around one text, or around two.
  virtual ProcessedIds add_special_tokens(std::span<const std::int32_t> first,
                                          std::optional<std::span<const std::int32_t>> second = {}) const = 0;
  /// The token as tables show it: its text, bytes that are no whole character as `\xE2`, special tokens by name.
  std::string token_text(std::int32_t id) const;
};

/// The end-of-text token of decoder-only models.
inline constexpr std::string_view kEndOfText = "<|endoftext|>";

/// Reads a tokenizer.json. Throws Error naming `file` and the unsupported or damaged component.
std::unique_ptr<Tokenizer> tokenizer_from_json(std::string_view json, const std::string& file);

/// Reads DIR/tokenizer.json, or DIR/vocab.json and DIR/merges.txt where there is none.
std::unique_ptr<Tokenizer> read_tokenizer(const std::string& directory);
/// GPT-2's older files, vocab.json and merges.txt. Throws Error naming `file`.
std::unique_ptr<Tokenizer> tokenizer_from_gpt2_files(std::string_view vocabulary, std::string_view merges,
                                                     const std::string& file);

}  // namespace attn
