// attn evaluate for decoder-only models: how well they predict a text, as training measures it on the validation part,
// or how likely they find its lines and tokens.

#include <algorithm>
#include <cmath>
#include <deque>
#include <numbers>

#include "base/error.h"
#include "base/temporary_folder.h"
#include "cli/evaluation.h"
#include "cli/model_source.h"
#include "generation/sample_text.h"
#include "generation/token_scores.h"
#include "text/corpus.h"
#include "text/token_file.h"
#include "training/language_task.h"

namespace attn {

namespace {

constexpr std::int64_t kBatchTokens = 2048;

class LanguageEvaluation : public Evaluation {
 public:
  explicit LanguageEvaluation(const EvaluationCall& call) : call_(call) {
    const EvaluationOptions& options = call.options;
    if (options.per_line || options.per_token) return;
    if (!options.lines && (!options.input.columns.empty() || options.input.header)) {
      usage_error(options.input.header ? "--header" : "--columns", " is for lines; add --lines");
    }
    text_ = text_file();
  }

  Json figures(const std::string& model) override;
  void write_rows(const std::string& model, TableOutput& output) override;

 private:
  struct TokenisedText {
    TokenFile tokens;
    PartCounts counts;
  };

  std::string text_file() const;
  TokenisedText tokenise(const Tokenizer& tokenizer) const;

  const EvaluationCall& call_;
  TemporaryFolder folder_;
  std::string text_;  // path of the whole text
};

// A file that holds the text: FILE itself, or a copy of --text or standard input.
std::string LanguageEvaluation::text_file() const {
  TextInput input(call_.options.input, call_.file, call_.invocation, "a text to evaluate");
  if (call_.file && call_.file != "-") return *call_.file;
  std::string copy = folder_.path("text");
  AtomicFile out(copy);
  std::string piece;
  if (call_.options.input.text) {
    input.next(piece);
    out.write(piece);
  } else {
    bool empty = true;
    for (TextReader reader("/dev/stdin"); reader.next(piece); empty = false) out.write(piece);
    if (empty) fail("standard input holds no text");
  }
  out.commit();
  return copy;
}

// Into a temporary file, so the text may be larger than memory.
LanguageEvaluation::TokenisedText LanguageEvaluation::tokenise(const Tokenizer& tokenizer) const {
  CorpusOptions options;
  options.valid_file = text_;
  options.columns = call_.options.input.columns;
  options.header = call_.options.input.header;
  options.lines = call_.options.lines;
  const TemporaryFolder folder;
  const std::string path = folder.path("tokens");
  const PartCounts counts = Corpus(options).tokenize(CorpusPart::valid, tokenizer, path);
  if (counts.tokens < 2) fail("the text to evaluate has fewer than two tokens");
  // The open file outlives its name.
  return {TokenFile(path, tokenizer.vocabulary_size()), counts};
}

Json LanguageEvaluation::figures(const std::string& model) {
  const DecoderSource source = open_decoder(model, call_.invocation.command);
  const TokenisedText text = tokenise(*source.tokenizer);
  LanguageTaskOptions options;
  options.context = source.config().context;
  options.batch = std::max<std::int64_t>(1, kBatchTokens / options.context);
  LanguageTask task(*source.model, text.tokens, text.tokens, options);
  const LossSum sum = validate_all(task, call_);
  Json figures = Json::object();
  figures.set("loss", sum.mean()).set("perplexity", std::exp(sum.mean()));
  figures.set("bits_per_character", sum.loss / std::numbers::ln2 / static_cast<double>(text.counts.characters));
  figures.set("tokens", sum.targets).set("characters", text.counts.characters);
  return figures.set("unknown_characters", text.counts.unknown);
}

void LanguageEvaluation::write_rows(const std::string& model, TableOutput& output) {
  const DecoderSource source = open_decoder(model, call_.invocation.command);
  TextInput input(call_.options.input, call_.file, call_.invocation, "texts to evaluate, one a line");
  ScoreTable table(call_.options.per_line, *source.tokenizer, output);
  std::deque<std::vector<std::int32_t>> lines;  // whose scores are awaited
  TokenScorer scorer(*source.model, call_.kernels, call_.pool,
                     [&](std::int64_t text, std::span<const TokenScore> scores) {
                       table.add(text, lines.front(), scores);
                       lines.pop_front();
                     });
  const auto start = source.config().begin_id ? source.config().begin_id : source.config().end_id;
  std::int64_t unknown = 0;
  for (std::string text; input.next(text);) {
    std::vector<std::int32_t> ids = source.tokenizer->encode(text);
    unknown += count_unknown(*source.tokenizer, ids);
    lines.push_back(ids);
    if (start) ids.insert(ids.begin(), *start);  // not of the line, but what its first token is predicted from
    scorer.add(ids);
  }
  scorer.finish();
  table.finish();
  if (unknown > 0) {
    call_.invocation.note("attn: ", unknown, unknown == 1 ? " character is" : " characters are",
                          " unknown to the model's tokenizer");
  }
}

}  // namespace

const EvaluationRow kEvaluateLanguage{
    .options = "lines per-line per-token",
    .open = open_evaluation<LanguageEvaluation>,
};

}  // namespace attn
