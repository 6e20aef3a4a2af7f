#include "generation/translate_text.h"

#include <algorithm>

#include "base/error.h"
#include "generation/sample_text.h"

namespace attn {

namespace {

TranslationOptions with_vocabulary(TranslationOptions options, const Tokenizer& tokenizer) {
  options.vocabulary = tokenizer.vocabulary_size();
  return options;
}

}  // namespace

SourceTokens encode_source(const Tokenizer& tokenizer, const ModelConfig& config, std::string_view text) {
  SourceTokens source;
  std::vector<std::int32_t> ids = tokenizer.encode(text);
  source.empty = ids.empty();
  source.unknown = count_unknown(tokenizer, ids);
  const auto around = [&](std::span<const std::int32_t> tokens) {
    std::vector<std::int32_t> all = tokenizer.add_special_tokens(tokens).ids;
    if (config.end_id && (all.empty() || all.back() != *config.end_id)) all.push_back(*config.end_id);
    return all;
  };
  source.ids = around(ids);
  const auto context = static_cast<std::size_t>(config.context);
  if (source.ids.size() > context) {
    const std::size_t excess = std::min(source.ids.size() - context, ids.size());
    ids.resize(ids.size() - excess);
    source.ids = around(ids);
    source.cut = true;
  }
  for (const std::int32_t id : source.ids) {
    if (id >= config.vocabulary) {
      fail("the tokenizer gives the id ", id, ", but the model's vocabulary ends at ", config.vocabulary - 1);
    }
  }
  return source;
}

std::string decode_target(const Tokenizer& tokenizer, std::span<const std::int32_t> ids) {
  std::string text = tokenizer.decode(ids);
  std::replace_if(
      text.begin(), text.end(), [](char c) { return c == '\n' || c == '\r'; }, ' ');
  return text;
}

TextTranslator::TextTranslator(const EncoderDecoderModel& model, const Tokenizer& tokenizer,
                               const simd::Kernels& kernels, ThreadPool& pool, TranslationOptions options)
    : model_(model), tokenizer_(tokenizer), translator_(model, kernels, pool, with_vocabulary(options, tokenizer)) {}

std::vector<std::vector<Translation>> TextTranslator::translate(std::span<const std::string> lines) {
  std::vector<std::vector<std::int32_t>> sources(lines.size());
  std::vector<bool> empty(lines.size());
  for (std::size_t i = 0; i < lines.size(); ++i) {
    SourceTokens source = encode_source(tokenizer_, model_.config(), lines[i]);
    sources[i] = std::move(source.ids);
    empty[i] = source.empty;
    cut_ += source.cut ? 1 : 0;
    unknown_ += source.unknown;
  }
  const auto targets = translator_.translate(sources, static_cast<std::uint64_t>(lines_));
  lines_ += static_cast<std::int64_t>(lines.size());
  std::vector<std::vector<Translation>> translations(lines.size());
  for (std::size_t i = 0; i < lines.size(); ++i) {
    if (empty[i]) {
      translations[i].emplace_back();
      continue;
    }
    for (const Hypothesis& target : targets[i]) {
      translations[i].push_back({decode_target(tokenizer_, target.ids), target.score});
    }
  }
  return translations;
}

std::vector<std::string> translate_lines(const EncoderDecoderModel& model, const Tokenizer& tokenizer,
                                         const simd::Kernels& kernels, ThreadPool& pool,
                                         std::span<const std::string> lines, const TranslationOptions& options) {
  std::vector<std::string> best;
  best.reserve(lines.size());
  for (auto& translations : TextTranslator(model, tokenizer, kernels, pool, options).translate(lines)) {
    best.push_back(std::move(translations.front().text));
  }
  return best;
}

}  // namespace attn
