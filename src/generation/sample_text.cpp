#include "generation/sample_text.h"

#include <algorithm>

#include "generation/streamed_text.h"

namespace attn {

namespace {

std::vector<std::int32_t> beginning(const Tokenizer& tokenizer, const ModelConfig& config) {
  if (config.begin_id) return {*config.begin_id};
  if (config.end_id) return {*config.end_id};
  if (const auto end_of_text = tokenizer.id_of(kEndOfText)) return {*end_of_text};
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
  if (!prompt.empty()) tokens.ids = tokenizer.encode(prompt);
  tokens.unknown = count_unknown(tokenizer, tokens.ids);
  if (tokens.ids.empty()) tokens.ids = beginning(tokenizer, config);
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
