#include "generation/sample_text.h"

#include <algorithm>
#include <cstddef>

#include "generation/streamed_text.h"

namespace attn {

namespace {

std::vector<std::int32_t> beginning(const Tokenizer& tokenizer, const ModelConfig& config) {
  if (config.begin_id) return {*config.begin_id};
  if (config.end_id) return {*config.end_id};
  for (const std::string_view text : {"\n", " "}) {
    const std::vector<std::int32_t> ids = tokenizer.encode(text);
    if (!ids.empty() && count_unknown(tokenizer, ids) == 0) return ids;
  }
  std::int32_t id = 0;
  while (id + 1 < tokenizer.vocabulary_size() && tokenizer.is_special(id)) ++id;
  return {id};
}

}  // namespace

std::int64_t count_unknown(const Tokenizer& tokenizer, const std::vector<std::int32_t>& ids) {
  const auto unknown = tokenizer.unknown_id();
  return unknown ? std::count(ids.begin(), ids.end(), *unknown) : 0;
}

PromptTokens encode_prompt(const Tokenizer& tokenizer, const ModelConfig& config, std::string_view prompt) {
  PromptTokens tokens;
  const std::vector<std::int32_t> text = prompt.empty() ? std::vector<std::int32_t>() : tokenizer.encode(prompt);
  if (text.empty()) return {beginning(tokenizer, config), 0};
  tokens.unknown = count_unknown(tokenizer, text);
  tokens.ids = tokenizer.add_special_tokens(text).ids;
  // What the tokenizer puts behind a text would end it.
  const auto found = std::search(tokens.ids.begin(), tokens.ids.end(), text.begin(), text.end());
  if (found != tokens.ids.end()) tokens.ids.erase(found + static_cast<std::ptrdiff_t>(text.size()), tokens.ids.end());
  return tokens;
}

std::string sample_text(const DecoderModel& model, const Tokenizer& tokenizer, const simd::Kernels& kernels,
                        ThreadPool& pool, std::string_view prompt, GenerationOptions options) {
  const PromptTokens tokens = encode_prompt(tokenizer, model.config(), prompt);
  options.samples = 1;
  options.end_id = model.config().end_id;
  options.vocabulary = tokenizer.vocabulary_size();
  StreamedText stream(tokenizer, {}, tokens.ids);
  std::string text;
  generate(
      model, kernels, pool, tokens.ids, options,
      [&](int, std::int32_t id) {
        text += stream.add(id);
        return true;
      },
      [](int, StopReason) {});
  return text + stream.finish();
}

}  // namespace attn
