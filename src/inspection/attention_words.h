#pragma once
// Attention between words instead of tokens: the pieces of a word as keys are summed, as queries averaged, so that
// each query's weights still sum to 1.

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "autograd/trace.h"
#include "text/tokenizer.h"

namespace attn {

/// A run of tokens that make up one word, or a piece of punctuation, or the space between words.
struct Word {
  int first, end;    // tokens first … end - 1
  std::string text;  // without the space before it; a special token's name
};

/// Cuts a text's tokens into words: letters, digits, marks, underscores and apostrophes between letters belong to one
/// word, other characters that are not spaces to another; a token is never cut.
std::vector<Word> find_words(std::string_view text, std::span<const EncodedToken> tokens, const Tokenizer& tokenizer);

/// The record between words. Scores are left out: they have no sum.
AttentionRecord merge_words(const AttentionRecord& record, std::span<const Word> query_words,
                            std::span<const Word> key_words);

}  // namespace attn
