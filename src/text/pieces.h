#pragma once
// Pre-tokenizers: where a text is cut before a model sees it. Each one is a function that finds the next piece,
// written by hand for the regular expression that a tokenizer.json names.

#include <cstddef>
#include <string_view>

namespace attn {

/// Bytes [begin, end) of a text; begin == end == the text's size when there are no more pieces.
struct Piece {
  std::size_t begin, end;
};

/// The first piece at or after `from`, which must be 0 or the end of the piece before.
using FindPiece = Piece (*)(std::string_view text, std::size_t from);

/// GPT-2's expression, which leaves out nothing.
inline constexpr std::string_view kGpt2Pattern =
    R"('s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+)";
Piece find_gpt2_piece(std::string_view text, std::size_t from);

/// Llama 3's and GPT-4's: contractions in any case, numbers of up to three digits, line breaks kept together.
Piece find_llama3_piece(std::string_view text, std::size_t from);
/// The same with single digits (Qwen 2).
Piece find_qwen2_piece(std::string_view text, std::size_t from);

/// One character.
Piece find_character(std::string_view text, std::size_t from);
/// `\w+|[^\w\s]+`
Piece find_word(std::string_view text, std::size_t from);
/// What stands between spaces.
Piece find_between_spaces(std::string_view text, std::size_t from);
/// BERT's: between spaces, punctuation apart.
Piece find_bert_word(std::string_view text, std::size_t from);
/// A new piece at every "▁" (U+2581).
Piece find_metaspace_word(std::string_view text, std::size_t from);
/// All of it.
Piece find_everything(std::string_view text, std::size_t from);

/// The function for a regular expression of a `Split` pre-tokenizer; null if it is none of the known ones.
FindPiece piece_finder_of_pattern(std::string_view pattern);

}  // namespace attn
