#include "inspection/explain/model.h"

#include <algorithm>
#include <numeric>

#include "autograd/linear.h"
#include "autograd/select_rows.h"
#include "base/error.h"

namespace attn {

namespace {

constexpr std::size_t kMostLikely = 8;  // tokens shown of a prediction

/// One text as a batch.
class OneText {
 public:
  OneText(const ModelText& text, const ModelConfig& config)
      : text_(text), starts_{0, static_cast<std::int32_t>(text.ids.size())}, positions_(text.ids.size()) {
    if (text.ids.empty()) fail("the text has no tokens");
    if (std::ssize(text.ids) > config.context) {
      fail("a text of ", text.ids.size(), " tokens is longer than the model's context of ", config.context);
    }
    std::iota(positions_.begin(), positions_.end(), 0);
  }
  TokenBatch batch() const {
    return {{1, starts_, starts_ + 1, positions_.data()},
            text_.ids.data(),
            text_.types.empty() ? nullptr : text_.types.data()};
  }
  std::int32_t count() const { return starts_[1]; }

 private:
  const ModelText& text_;
  std::int32_t starts_[2];
  std::vector<std::int32_t> positions_;
};

std::vector<std::string> token_names(const Tokenizer& tokenizer, const ModelText& text) {
  std::vector<std::string> names;
  for (const std::int32_t id : text.ids) names.push_back(tokenizer.token_text(id));
  return names;
}

Explanation begin(const std::string& name, ExplainedHead place) {
  const char* const kind = place.kind == AttentionKind::encoder   ? "encoder"
                           : place.kind == AttentionKind::decoder ? "decoder"
                                                                  : "cross";
  Explanation explanation{.topic = "model",
                          .title = concat(name, ": ", kind, " attention, layer ", place.layer, ", head ", place.head),
                          .text =
                              "The steps of attention with the numbers of a trained model. Layers and heads count "
                              "from 0; --kind, --layer and --head choose others."};
  explanation.numbers = {{"layer", place.layer}, {"head", place.head}};
  return explanation;
}

void add_token_step(Explanation& explanation, const char* name, const ModelText& text,
                    const std::vector<std::string>& names) {
  Matrix ids(std::ssize(text.ids), 1);
  for (std::size_t t = 0; t < text.ids.size(); ++t) ids.values[t] = static_cast<float>(text.ids[t]);
  explanation
      .step(
          name,
          "The tokenizer cuts the text into tokens that it knows by number. The layers below this head turn each into "
          "the vector that the head gets.")
      .show("ids", "", names, {"id"}, std::move(ids), Look::plain);
}

void add_head_steps(Explanation& explanation, const HeadVectors& vectors, const std::vector<std::string>& queries,
                    const std::vector<std::string>& keys, bool causal) {
  const std::int64_t d_head = vectors.query.columns;
  explanation
      .step("Queries, keys and values",
            concat("This head's rows of W_q, W_k and W_v make ", d_head,
                   " numbers each of every vector that enters the layer. No column means anything by itself; what "
                   "counts is which query meets which key."),
            "Q = x·W_qᵀ    K = x·W_kᵀ    V = x·W_vᵀ    (and biases, if any)")
      .show("Q", "", queries, numbered("q", d_head), vectors.query)
      .show("K", "", keys, numbered("k", d_head), vectors.key)
      .show("V", "", keys, numbered("v", d_head), vectors.value);
  add_attention_steps(explanation,
                      composed_attention(vectors.query.view(), vectors.key.view(), vectors.value.view(), causal),
                      {queries, keys}, d_head, causal);
}

/// The likeliest of one row of logits (1, V), the first of equals first.
void show_likeliest(Explanation& explanation, const std::string& name, const Tokenizer& tokenizer,
                    const Tensor& logits) {
  const std::int64_t known = std::min<std::int64_t>(logits.columns(), tokenizer.vocabulary_size());
  Matrix row(1, known);
  std::copy_n(logits.data, known, row.values.begin());
  const Matrix probabilities = softmax_rows(row);
  std::vector<std::int32_t> order(static_cast<std::size_t>(known));
  std::iota(order.begin(), order.end(), 0);
  const std::size_t count = std::min(kMostLikely, order.size());
  std::partial_sort(order.begin(), order.begin() + static_cast<std::ptrdiff_t>(count), order.end(),
                    [&](std::int32_t a, std::int32_t b) {
                      const float left = probabilities.at(0, a), right = probabilities.at(0, b);
                      return left != right ? left > right : a < b;
                    });
  Matrix shown(static_cast<std::int64_t>(count), 1);
  std::vector<std::string> names;
  for (std::size_t i = 0; i < count; ++i) {
    shown.values[i] = probabilities.at(0, order[i]);
    names.push_back(tokenizer.token_text(order[i]));
  }
  explanation.show(name, "", std::move(names), {"p"}, std::move(shown), Look::weights);
}

Tensor row_of(Context& context, Tensor states, std::int32_t row) {
  auto* const rows = context.arena.array<std::int32_t>(1);
  rows[0] = row;
  return select_rows(context, states, rows, 1);
}

constexpr const char* kPredictionText =
    "All layers and heads together lead to a state for the last token, and this to the probabilities of the one that "
    "follows. The likeliest are shown.";

}  // namespace

Explanation explain_model(const DecoderModel& model, const Tokenizer& tokenizer, const ExplainTools& tools,
                          const std::string& name, ExplainedHead place, const ModelText& text) {
  Arena arena;
  Context context{arena, tools.pool, tools.kernels};
  const OneText one(text, model.config());
  Explanation explanation = begin(name, place);
  explanation.tokens = token_names(tokenizer, text);
  add_token_step(explanation, "Tokens", text, explanation.tokens);
  add_head_steps(explanation, head_vectors(context, model.config(), model.parameters(), place, one.batch(), nullptr),
                 explanation.tokens, explanation.tokens, true);
  const Tensor last = row_of(context, model.hidden(context, one.batch()), one.count() - 1);
  explanation.step("The next token", kPredictionText);
  show_likeliest(explanation, "next", tokenizer, model.logits(context, last));
  return explanation;
}

Explanation explain_model(const EncoderModel& model, const Tokenizer& tokenizer, const ExplainTools& tools,
                          const std::string& name, ExplainedHead place, const ModelText& text) {
  Arena arena;
  Context context{arena, tools.pool, tools.kernels};
  const ModelConfig& config = model.config();
  const OneText one(text, config);
  Explanation explanation = begin(name, place);
  explanation.tokens = token_names(tokenizer, text);
  add_token_step(explanation, "Tokens", text, explanation.tokens);
  add_head_steps(explanation, head_vectors(context, config, model.parameters(), place, one.batch(), nullptr),
                 explanation.tokens, explanation.tokens, false);
  const Tensor hidden = model.hidden(context, one.batch());
  if (config.head == Head::classifier) {
    const Tensor logits = model.classify(context, model.pooled(context, hidden, one.batch().sequences));
    Matrix row(1, logits.columns());
    std::copy_n(logits.data, logits.columns(), row.values.begin());
    explanation.step("The class", "The states become one vector, and this a probability for each class.")
        .show("class", "", {"text"}, config.labels, softmax_rows(row), Look::weights);
  }
  const std::optional<std::int32_t> mask = tokenizer.id_of("[MASK]");
  const bool fills =
      config.head == Head::masked && mask && std::find(text.ids.begin(), text.ids.end(), *mask) != text.ids.end();
  if (!fills) return explanation;
  explanation.step(
      "The gaps", "The state of each [MASK] is compared with every token's embedding. The likeliest tokens are shown.");
  for (std::int32_t t = 0; t < one.count(); ++t) {
    if (text.ids[static_cast<std::size_t>(t)] != *mask) continue;
    const Tensor state = model.masked_states(context, row_of(context, hidden, t));
    show_likeliest(explanation, concat("token ", t), tokenizer,
                   linear(context, state, model.output_weight(), model.output_bias()));
  }
  return explanation;
}

Explanation explain_model(const EncoderDecoderModel& model, const Tokenizer& tokenizer, const ExplainTools& tools,
                          const std::string& name, ExplainedHead place, const ModelText& text,
                          const ModelText& target) {
  Arena arena;
  Context context{arena, tools.pool, tools.kernels};
  const ModelConfig& config = model.config();
  const OneText asked(text, config), asking(target, config);
  const std::int32_t first = 0, count = asked.count();
  const Source source{model.encode(context, asked.batch()), nullptr, &first, &count};
  Explanation explanation = begin(name, place);
  explanation.tokens = token_names(tokenizer, text);
  explanation.target = token_names(tokenizer, target);
  add_token_step(explanation, "Source tokens", text, explanation.tokens);
  add_token_step(explanation, "Target tokens", target, explanation.target);
  const bool of_source = place.kind == AttentionKind::encoder;
  const HeadVectors vectors = head_vectors(context, config, model.parameters(), place,
                                           of_source ? asked.batch() : asking.batch(), of_source ? nullptr : &source);
  add_head_steps(explanation, vectors, of_source ? explanation.tokens : explanation.target,
                 place.kind == AttentionKind::decoder ? explanation.target : explanation.tokens,
                 place.kind == AttentionKind::decoder);
  const Tensor last = row_of(context, model.decode(context, asking.batch(), source), asking.count() - 1);
  explanation.step("The next target token", kPredictionText);
  show_likeliest(explanation, "next", tokenizer, model.logits(context, last));
  return explanation;
}

}  // namespace attn
