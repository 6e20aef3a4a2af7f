#pragma once
// Learns a tokenizer from text: characters, bytes, byte pairs or words.

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "text/tokenizer.h"

namespace attn {

enum class TokenizerKind { character, byte, bpe, word };

/// The token that unknown characters and words become, where no other was asked for.
inline constexpr std::string_view kUnknownToken = "<unk>";

/// What a tokenizer is trained with.
struct TokenizerTraining {
  TokenizerKind kind = TokenizerKind::bpe;
  int vocabulary_size = 1024;  // upper bound, special tokens included; char and byte take what they need
  bool lowercase = false;
  std::vector<std::string> special_tokens;  // get the first ids, in this order
  /// What unknown characters and words become: char and word tokenizers have it after the special tokens if it is not
  /// among them.
  std::string unknown_token{kUnknownToken};
  /// What add_special_tokens() puts before a text, and behind each text, of one or two; each a special token, or empty.
  std::string first_token{}, last_token{};
  /// The special token that stands for a token of the text, if there is one. Under bpe, where a word's first token holds
  /// the space before it, it takes that space too.
  std::string mask_token{};
};

/// Puts the next part of the text into `text`; false when there is no more. A word should not be cut in two.
using NextText = std::function<bool(std::string& text)>;

/// The special tokens of encoders, ids 0 to 4 (Devlin et al. 2018): [CLS] text [SEP].
inline constexpr std::string_view kPadToken = "[PAD]", kEncoderUnknownToken = "[UNK]", kClassifierToken = "[CLS]",
                                  kSeparatorToken = "[SEP]", kMaskToken = "[MASK]";
/// Makes it the training of an encoder's tokenizer.
void use_encoder_tokens(TokenizerTraining& training);

/// Learns from all parts of the text, in bounded memory: of more than 2^18 different words or 8 MB of them the rarest
/// are forgotten. Deterministic. BPE merges the most frequent pair, ties broken by the lexicographically greatest
/// pair of byte strings, and no pair that occurs once. Throws Error if the vocabulary is smaller than what it must hold.
std::unique_ptr<Tokenizer> train_tokenizer(const TokenizerTraining& training, const NextText& next_text);

}  // namespace attn
