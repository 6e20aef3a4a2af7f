// attn evaluate for encoder-decoder models: how likely they find given translations, and how close their own come.

#include <algorithm>
#include <cmath>
#include <numbers>

#include "base/utf8.h"
#include "cli/evaluation.h"
#include "cli/model_source.h"
#include "generation/sample_text.h"
#include "generation/translate_text.h"
#include "generation/translation_scores.h"
#include "training/bleu.h"
#include "training/chrf.h"

namespace attn {

namespace {

constexpr std::size_t kChunk = 1024;  // lines that are translated at once

class TranslationEvaluation : public ModelEvaluation {
 public:
  explicit TranslationEvaluation(const EvaluationCall& call)
      : call_(call), pairs_(read_records(call, "a source and its target a line", {"source", "target"})) {
    check_translation(call.options.translation);
  }

  Json figures(const std::string& model) override {
    const EncoderDecoderSource source = open_encoder_decoder(model, call_.invocation.command, call_.options.use);
    double loss = 0;
    std::int64_t tokens = 0;
    const std::int64_t unknown = score(source, [&](std::int64_t, std::span<const TokenScore> scores) {
      for (const TokenScore& token : scores) loss -= token.log_probability;
      tokens += static_cast<std::int64_t>(scores.size());
    });
    std::size_t characters = 0;
    for (const Record& pair : pairs_) characters += count_code_points(pair.fields[1]);
    Json figures = Json::object();
    figures.set("loss", loss / static_cast<double>(tokens))
        .set("perplexity", std::exp(loss / static_cast<double>(tokens)));
    if (characters > 0) {
      figures.set("bits_per_character", loss / std::numbers::ln2 / static_cast<double>(characters));
    }
    if (!call_.options.only_loss) add_translation_figures(source, figures);
    figures.set("lines", pairs_.size()).set("tokens", tokens).set("characters", characters);
    return figures.set("unknown_characters", unknown);
  }

  void write_rows(const std::string& model, TableOutput& output) override {
    const EncoderDecoderSource source = open_encoder_decoder(model, call_.invocation.command, call_.options.use);
    ScoreTable table(call_.options.per_line, *source.tokenizer, output);
    score(source, [&](std::int64_t pair, std::span<const TokenScore> scores) {
      const auto& target = pairs_[static_cast<std::size_t>(pair)].fields[1];
      table.add(pair, encode_source(*source.tokenizer, source.config(), target).ids, scores);
    });
    table.finish();
  }

 private:
  // Scores the tokens of every target, in order; returns how many characters the tokenizer does not know.
  std::int64_t score(const EncoderDecoderSource& source, const TranslationScorer::Sink& sink) const {
    TranslationScorer scorer(*source.model, call_.kernels, call_.pool, sink);
    std::int64_t cut = 0, unknown = 0;
    for (const Record& pair : pairs_) {
      // Both sides end with the end token, so that a target is encoded as a source is.
      const SourceTokens left = encode_source(*source.tokenizer, source.config(), pair.fields[0]);
      const SourceTokens right = encode_source(*source.tokenizer, source.config(), pair.fields[1]);
      cut += left.cut || right.cut ? 1 : 0;
      unknown += left.unknown + right.unknown;
      scorer.add(left.ids, right.ids);
    }
    scorer.finish();
    if (cut > 0) {
      call_.invocation.note("attn: ", cut, cut == 1 ? " line was" : " lines were", " cut to the context of ",
                            source.config().context, " tokens");
    }
    return unknown;
  }

  void add_translation_figures(const EncoderDecoderSource& source, Json& figures) const {
    TextTranslator translator(*source.model, *source.tokenizer, call_.kernels, call_.pool, call_.options.translation);
    Bleu bleu;
    ChrF chrf;
    std::int64_t equal = 0;
    std::vector<std::string> lines;
    for (std::size_t begin = 0; begin < pairs_.size(); begin += kChunk) {
      const std::size_t end = std::min(pairs_.size(), begin + kChunk);
      lines.clear();
      for (std::size_t i = begin; i < end; ++i) lines.push_back(pairs_[i].fields[0]);
      const auto translations = translator.translate(lines);
      for (std::size_t i = begin; i < end; ++i) {
        const std::string& translation = translations[i - begin].front().text;
        const std::string& target = pairs_[i].fields[1];
        bleu.add(translation, target);
        chrf.add(translation, target);
        equal += translation == target ? 1 : 0;
      }
    }
    const BleuScore score = bleu.score();
    figures.set("bleu", score.score);
    for (std::size_t i = 0; i < BleuScore::kOrders; ++i) {
      figures.set("bleu_precision_" + std::to_string(i + 1), score.precisions[i]);
    }
    figures.set("bleu_brevity_penalty", score.brevity_penalty).set("bleu_length_ratio", score.ratio);
    figures.set("bleu_signature", Bleu::signature());
    figures.set("chrf", chrf.score()).set("chrf_signature", ChrF::signature());
    figures.set("exact_match", static_cast<double>(equal) / static_cast<double>(pairs_.size()));
  }

  const EvaluationCall& call_;
  Records pairs_;
};

}  // namespace

const EvaluationRow kEvaluateTranslation{
    .kind = "an encoder-decoder model",
    .options = "per-line per-token beam length-penalty max-length",
    .open = open_evaluation<TranslationEvaluation>,
};

}  // namespace attn
