// attn evaluate for decoder-only models: how well they predict a text, as training measures it on the validation part,
// or how likely they find its lines and tokens.

#include <algorithm>
#include <cmath>
#include <deque>
#include <numbers>

#include "base/error.h"
#include "cli/evaluation_text.h"
#include "cli/model_source.h"
#include "generation/sample_text.h"
#include "generation/token_scores.h"
#include "training/language_task.h"

namespace attn {

namespace {

constexpr std::int64_t kBatchTokens = 2048;

class LanguageEvaluation : public ModelEvaluation {
 public:
  explicit LanguageEvaluation(const EvaluationCall& call) : call_(call) {
    const EvaluationOptions& options = call.options;
    if (options.per_line || options.per_token) return;
    text_.emplace(call);
  }

  Json figures(const std::string& model) override;
  void write_rows(const std::string& model, TableOutput& output) override;

 private:
  const EvaluationCall& call_;
  std::optional<EvaluationText> text_;  // for figures
};

Json LanguageEvaluation::figures(const std::string& model) {
  const DecoderSource source = open_decoder(model, call_.invocation.command, call_.options.use);
  const EvaluationText::Tokens text = text_->tokenise(*source.tokenizer);
  if (text.counts.tokens < 2) fail("the text to evaluate has fewer than two tokens");
  LanguageTaskOptions options;
  options.context = source.config().context;
  options.batch = std::max<std::int64_t>(1, kBatchTokens / options.context);
  LanguageTask task(*source.model, text.file, text.file, options);
  const LossSum sum = validate_all(task, call_);
  Json figures = Json::object();
  figures.set("loss", sum.mean()).set("perplexity", std::exp(sum.mean()));
  figures.set("bits_per_character", sum.loss / std::numbers::ln2 / static_cast<double>(text.counts.characters));
  figures.set("tokens", sum.targets).set("characters", text.counts.characters);
  return figures.set("unknown_characters", text.counts.unknown);
}

void LanguageEvaluation::write_rows(const std::string& model, TableOutput& output) {
  const DecoderSource source = open_decoder(model, call_.invocation.command, call_.options.use);
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
    .kind = "a decoder-only model",
    .options = "lines per-line per-token",
    .open = open_evaluation<LanguageEvaluation>,
};

}  // namespace attn
