#pragma once
// A dialogue with a decoder-only model: lines in, replies out. Prints nothing.

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "generation/generator.h"
#include "text/chat_format.h"
#include "text/tokenizer.h"

namespace attn {

class Dialogue {
 public:
  /// `options`: of a reply; samples, end_id and vocabulary are set here. `history`: how many earlier turns the model
  /// sees at most; as few as leave half of the context for the prompt and the reply. All but the options must outlive
  /// the dialogue. Throws Error if a reply could never end.
  Dialogue(const DecoderModel& model, const Tokenizer& tokenizer, const simd::Kernels& kernels, ThreadPool& pool,
           GenerationOptions options, std::int64_t history, std::vector<std::string> stops = {});

  /// Takes the text of a reply as it comes.
  using OnText = std::function<void(std::string_view text)>;
  /// The reply to a prompt. It ends at the end token, before the first line break or stop text, or after
  /// options.tokens. Equal seeds and turns give equal replies.
  std::string reply(std::string_view prompt, const OnText& on_text = {});
  /// Earlier turns are no longer seen.
  void forget() { turns_.clear(); }

 private:
  std::vector<std::int32_t> with_history(const std::vector<std::int32_t>& prompt);

  const DecoderModel& model_;
  const Tokenizer& tokenizer_;
  const simd::Kernels& kernels_;
  ThreadPool& pool_;
  ChatFormat format_;
  GenerationOptions options_;
  std::uint64_t seed_;  // of the first reply
  std::size_t history_;
  std::vector<std::string> stops_;
  std::vector<std::vector<std::int32_t>> turns_;  // prompt, separator, reply, end
  std::uint64_t count_ = 0;                       // replies so far
};

}  // namespace attn
