#include "generation/dialogue.h"

#include <algorithm>

#include "base/random.h"
#include "generation/streamed_text.h"

namespace attn {

Dialogue::Dialogue(const DecoderModel& model, const Tokenizer& tokenizer, const simd::Kernels& kernels,
                   ThreadPool& pool, GenerationOptions options, std::int64_t history, std::vector<std::string> stops)
    : model_(model),
      tokenizer_(tokenizer),
      kernels_(kernels),
      pool_(pool),
      format_(tokenizer, model.config().end_id),
      options_(std::move(options)),
      seed_(options_.seed),
      history_(static_cast<std::size_t>(history)),
      stops_(std::move(stops)) {
  options_.samples = 1;
  options_.end_id = format_.end();
  options_.vocabulary = tokenizer.vocabulary_size();
  stops_.emplace_back("\n");
}

std::vector<std::int32_t> Dialogue::with_history(const std::vector<std::int32_t>& prompt) {
  const auto context = static_cast<std::size_t>(model_.config().context);
  std::size_t tokens = prompt.size(), turns = 0;
  while (turns < std::min(history_, turns_.size())) {
    tokens += turns_[turns_.size() - 1 - turns].size();
    if (tokens > context - context / 2) break;
    ++turns;
  }
  turns_.erase(turns_.begin(), turns_.end() - static_cast<std::ptrdiff_t>(turns));
  std::vector<std::int32_t> ids;
  for (const auto& turn : turns_) ids.insert(ids.end(), turn.begin(), turn.end());
  ids.insert(ids.end(), prompt.begin(), prompt.end());
  return ids;
}

std::string Dialogue::reply(std::string_view prompt, const OnText& on_text) {
  std::vector<std::int32_t> turn = format_.prompt(prompt);
  const std::vector<std::int32_t> ids = with_history(turn);
  options_.seed = mix64(seed_ ^ mix64(count_++));
  StreamedText stream(tokenizer_, stops_, {});
  std::string text;
  const auto take = [&](std::string_view piece) {
    if (on_text && !piece.empty()) on_text(piece);
    text += piece;
  };
  const auto on_token = [&](int, std::int32_t id) {
    take(stream.add(id));
    if (!stream.stopped()) turn.push_back(id);
    return !stream.stopped();
  };
  generate(model_, kernels_, pool_, ids, options_, on_token, [](int, StopReason) {});
  take(stream.finish());
  turn.push_back(format_.end());
  turns_.push_back(std::move(turn));
  return text;
}

}  // namespace attn
