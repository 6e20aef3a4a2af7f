#pragma once
// How a dialogue stands in one sequence of tokens: prompt, separator, reply, end, and the next turn behind it.
//
// The separator is a line break where the tokenizer has a token for it, so that `attn generate` with the prompt and a
// line break gets the same answer; else it is the end-of-text token. The end is the end-of-text token; with a model
// that has none, a line break.

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "text/tokenizer.h"

namespace attn {

class ChatFormat {
 public:
  /// `end`: the model's end token, if it has one. The tokenizer must outlive this. Throws Error if there is neither an
  /// end token nor a token for a line break.
  ChatFormat(const Tokenizer& tokenizer, std::optional<std::int32_t> end);

  /// The tokens of a prompt, behind those with which its tokenizer begins a text, with the separator.
  std::vector<std::int32_t> prompt(std::string_view text) const;
  /// The tokens of a reply with the end.
  std::vector<std::int32_t> reply(std::string_view text) const;

  std::int32_t separator() const { return separator_; }
  std::int32_t end() const { return end_; }

 private:
  const Tokenizer& tokenizer_;
  std::int32_t separator_, end_;
};

}  // namespace attn
