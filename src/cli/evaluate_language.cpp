#include "cli/evaluate_language.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "base/error.h"
#include "base/temporary_folder.h"
#include "text/corpus.h"
#include "text/token_file.h"
#include "training/language_task.h"

namespace attn {

namespace {

constexpr std::int64_t kBatchTokens = 2048;

struct TokenisedText {
  TokenFile tokens;
  PartCounts counts;
};

TokenisedText tokenise(const std::string& file, bool lines, const Tokenizer& tokenizer) {
  CorpusOptions options;
  options.valid_file = file;
  options.lines = lines;
  const TemporaryFolder folder;
  const std::string path = folder.path("tokens");
  const PartCounts counts = Corpus(options).tokenize(CorpusPart::valid, tokenizer, path);
  if (counts.tokens < 2) fail("the text to evaluate has fewer than two tokens");
  // The open file outlives its name.
  return {TokenFile(path, tokenizer.vocabulary_size()), counts};
}

}  // namespace

LanguageFigures evaluate_language(const DecoderSource& source, const std::string& file, bool lines,
                                  const simd::Kernels& kernels, ThreadPool& pool) {
  const TokenisedText text = tokenise(file, lines, *source.tokenizer);
  LanguageTaskOptions options;
  options.context = source.config().context;
  options.batch = std::max<std::int64_t>(1, kBatchTokens / options.context);
  LanguageTask task(*source.model, text.tokens, text.tokens, options);
  Arena arena;
  LossSum sum;
  for (std::int64_t batch = 0; batch < task.validation_batches(); ++batch) {
    arena.reset();
    Context context{arena, pool, kernels};
    sum += task.validate(context, batch);
  }
  return {.loss = sum.mean(),
          .perplexity = std::exp(sum.mean()),
          .bits_per_character = sum.loss / std::numbers::ln2 / static_cast<double>(text.counts.characters),
          .tokens = sum.targets,
          .characters = text.counts.characters,
          .unknown_characters = text.counts.unknown};
}

}  // namespace attn
