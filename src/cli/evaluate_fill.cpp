// attn evaluate for encoders that fill masks: how well they guess masked tokens, as training measures it on the
// validation part.

#include <cmath>

#include "base/error.h"
#include "cli/evaluation_text.h"
#include "cli/model_source.h"
#include "cli/train_encoder.h"
#include "text/example_pieces.h"
#include "text/line_examples.h"
#include "training/masked_task.h"

namespace attn {

namespace {

class FillEvaluation : public ModelEvaluation {
 public:
  explicit FillEvaluation(const EvaluationCall& call) : call_(call), text_(call) {}

  Json figures(const std::string& model) override {
    const EncoderSource source = open_encoder(model, call_.invocation.command, call_.options.use);
    const TemporaryFolder folder;
    write_examples_of(*source.tokenizer, source.config().context, folder.path("examples"));
    const ExampleFile examples(folder.path("examples"), source.tokenizer->vocabulary_size());
    if (examples.size() == 0) fail("the text to evaluate is empty");
    MaskedTask task(*source.model, examples, examples, masking_of(*source.tokenizer),
                    {.batches = {.examples = 1}, .seed = call_.options.seed});

    RowScorer scorer(call_.kernels, call_.pool);
    Arena arena;
    std::vector<TokenScore> scores;
    double loss = 0;
    std::int64_t masked = 0, right = 0;
    for (std::int64_t batch = 0; batch < task.validation_batches(); ++batch) {
      arena.reset();
      Context context{arena, call_.pool, call_.kernels};
      const MaskedTokens tokens = task.validation_tokens(context, batch);
      const auto count = static_cast<std::size_t>(tokens.states.rows());
      scores.resize(count);
      scorer.score(tokens.states, source.model->output_weight(), source.model->output_bias(), {tokens.targets, count},
                   scores);
      for (const TokenScore& score : scores) {
        loss -= score.log_probability;
        right += score.rank == 1 ? 1 : 0;
      }
      masked += tokens.states.rows();
    }
    if (masked == 0) fail("the text to evaluate has no tokens that could be masked");
    const auto n = static_cast<double>(masked);
    Json figures = Json::object();
    figures.set("loss", loss / n).set("perplexity", std::exp(loss / n)).set("accuracy", static_cast<double>(right) / n);
    return figures.set("masked_tokens", masked).set("tokens", examples.total()).set("texts", examples.size());
  }

 private:
  // Each line is a text, or the whole is cut into pieces that fit.
  void write_examples_of(const Tokenizer& tokenizer, int longest, const std::string& path) const {
    if (!call_.options.lines) {
      write_pieces(text_.tokenise(tokenizer).file, tokenizer, longest, path);
      return;
    }
    const LineCorpus lines({.files = {},
                            .wanted = {"text"},
                            .valid_file = text_.path(),
                            .columns = call_.options.input.columns,
                            .header = call_.options.input.header});
    const LineCounts counts =
        write_examples(lines, CorpusPart::valid, {.path = path, .fields = 1, .vocabulary = tokenizer.vocabulary_size()},
                       encode_columns(tokenizer, longest));
    if (counts.cut == 0) return;
    call_.invocation.note("attn: ", counts.cut, counts.cut == 1 ? " line was" : " lines were",
                          " cut to the context of ", longest, " tokens");
  }

  const EvaluationCall& call_;
  EvaluationText text_;
};

}  // namespace

const EvaluationRow kEvaluateFill{
    .kind = "an encoder that fills masks", .options = "lines seed", .open = open_evaluation<FillEvaluation>};

}  // namespace attn
