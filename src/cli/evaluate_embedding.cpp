// attn evaluate for encoders whose states are wanted: how well the likeness of their vectors agrees with scores that
// people gave, or how early a text's own partner comes when all partners are sorted by likeness.

#include <algorithm>
#include <charconv>
#include <cmath>

#include "autograd/linear.h"
#include "base/error.h"
#include "cli/evaluation.h"
#include "cli/model_source.h"
#include "generation/text_embedder.h"
#include "models/sentence_modules.h"
#include "training/correlation.h"
#include "training/retrieval_metrics.h"

namespace attn {

namespace {

constexpr std::int64_t kScores = 1 << 22;  // so many are held at once

double parse_score(const Record& record) {
  const std::string& text = record.fields[0];
  double value = 0;
  const auto [end, status] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (status != std::errc() || end != text.data() + text.size() || !std::isfinite(value)) {
    fail(record.where, ": found '", text, "', expected a score, which is a number");
  }
  return value;
}

class EmbeddingEvaluation : public ModelEvaluation {
 public:
  explicit EmbeddingEvaluation(const EvaluationCall& call)
      : call_(call),
        pairs_(
            read_records(call, "pairs to compare, or scores with pairs, one a line", {"a", "b"}, {"score", "a", "b"})) {
    if (pairs_[0].fields.size() < 3) return;
    for (const Record& pair : pairs_) scores_.push_back(parse_score(pair));
  }

  Json figures(const std::string& model) override {
    const EncoderSource source = open_encoder(model, call_.invocation.command, call_.options.use);
    const SentenceModules modules = read_sentence_modules(ModelFolder(model));
    const std::size_t first = pairs_[0].fields.size() - 2;
    Arena arena;
    const Tensor a = embed(source, modules, first, arena);      // (pairs, C)
    const Tensor b = embed(source, modules, first + 1, arena);  // (pairs, C)
    return scores_.empty() ? retrieval_figures(a, b) : similarity_figures(a, b);
  }

 private:
  // Vectors of length 1, so that their dot product is the cosine, of this field of all pairs.
  Tensor embed(const EncoderSource& source, const SentenceModules& modules, std::size_t field, Arena& arena) const {
    int longest = source.config().context;
    if (modules.max_tokens > 0) longest = std::min(longest, modules.max_tokens);
    const std::int64_t columns = source.config().d_model;
    const Shape shape = Shape::matrix(static_cast<std::int64_t>(pairs_.size()), columns);
    const Tensor vectors{arena.array<float>(static_cast<std::size_t>(shape.size())), nullptr, shape};
    TextEmbedder embedder(*source.model, modules.pooling, true, call_.kernels, call_.pool,
                          [&](std::int64_t text, std::span<const float> vector) {
                            std::copy(vector.begin(), vector.end(), vectors.data + text * columns);
                          });
    for (const Record& pair : pairs_) embedder.add(encode_text(*source.tokenizer, longest, pair.fields[field]));
    embedder.flush();
    return vectors;
  }

  Json similarity_figures(const Tensor& a, const Tensor& b) const {
    std::vector<double> cosines;
    for (std::int64_t row = 0; row < a.rows(); ++row) {
      const float* x = a.data + row * a.columns();
      const float* y = b.data + row * b.columns();
      double sum = 0;
      for (std::int64_t i = 0; i < a.columns(); ++i) sum += static_cast<double>(x[i]) * static_cast<double>(y[i]);
      cosines.push_back(sum);
    }
    Json figures = Json::object();
    figures.set("spearman", spearman(scores_, cosines)).set("pearson", pearson(scores_, cosines));
    return figures.set("pairs", pairs_.size());
  }

  // Every a is a query; all b are the items, of which the one on its own line is right.
  Json retrieval_figures(const Tensor& a, const Tensor& b) const {
    RetrievalMetrics metrics;
    const std::int64_t block = std::max<std::int64_t>(1, kScores / b.rows());
    Arena arena;
    for (std::int64_t begin = 0; begin < a.rows(); begin += block) {
      const std::int64_t rows = std::min(block, a.rows() - begin);
      arena.reset();
      Context context{arena, call_.pool, call_.kernels};
      const Tensor queries{a.data + begin * a.columns(), nullptr, Shape::matrix(rows, a.columns())};
      const Tensor cosines = linear(context, queries, b, {});  // (rows, pairs)
      for (std::int64_t row = 0; row < rows; ++row) {
        const std::span<const float> scores(cosines.data + row * b.rows(), pairs_.size());
        metrics.add(rank_of(scores, static_cast<std::size_t>(begin + row)));
      }
    }
    Json figures = Json::object();
    figures.set("recall_at_1", metrics.recall_at(1)).set("recall_at_5", metrics.recall_at(5));
    figures.set("recall_at_10", metrics.recall_at(10)).set("mrr", metrics.mean_reciprocal_rank());
    return figures.set("pairs", pairs_.size());
  }

  const EvaluationCall& call_;
  Records pairs_;
  std::vector<double> scores_;  // of each pair, if there are any
};

}  // namespace

const EvaluationRow kEvaluateEmbedding{
    .kind = "an encoder of whole texts", .options = "", .open = open_evaluation<EmbeddingEvaluation>};

}  // namespace attn
