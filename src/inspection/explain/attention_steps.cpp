#include "inspection/explain/attention_steps.h"

#include <limits>

#include "base/error.h"

namespace attn {

Matrix causal_mask(std::int64_t count) {
  Matrix mask(count, count);
  for (std::int64_t t = 0; t < count; ++t) {
    for (std::int64_t s = t + 1; s < count; ++s) mask.at(t, s) = -std::numeric_limits<float>::infinity();
  }
  return mask;
}

void add_attention_steps(Explanation& explanation, const ComposedAttention& head, const HeadNames& names,
                         std::int64_t d_head, bool causal) {
  const auto& [queries, keys, suffix] = names;
  const auto named = [&ending = suffix](const char* name) { return name + ending; };
  const std::string products = "Q" + suffix + "·K" + suffix + "ᵀ";
  const std::string scores = named("S"), weights = named("A"), output = named("O");
  explanation
      .step("Similarities",
            "Every query is multiplied with every key: number by number, then summed. The product is large where "
            "what one token looks for matches what the other offers.",
            "products = " + products, concat("products", suffix, " = Q", suffix, " @ K", suffix, ".T"))
      .show(products, "products" + suffix, queries, keys, head.products);
  explanation
      .step("Scaling",
            concat("Products of longer vectors are larger, and softmax would then put nearly everything on one token. "
                   "Dividing by the square root of the vectors' length, √",
                   d_head, ", keeps them in the same range (Vaswani et al. 2017, section 3.2.1)."),
            concat(scores, " = ", products, "/√d_k, d_k = ", d_head),
            concat(scores, " = products", suffix, " / K", suffix, ".shape[1] ** 0.5"))
      .show(scores, scores, queries, keys, head.scores);
  if (causal) {
    const Matrix mask = causal_mask(head.scores.rows);
    explanation
        .step("Mask",
              "A token must not see what comes after it, as it has to be predicted from what comes before. Adding -∞ "
              "above the diagonal forbids it; adding 0 changes nothing.",
              scores + " + M, with M = -∞ where the key stands after the query",
              concat("M = torch.full(", scores, ".shape, -torch.inf).triu(1)"))
        .show("M", "M", queries, keys, mask, Look::plain)
        .show(scores + " + M", scores + " + M", queries, keys, head.masked);
  }
  explanation
      .step("Softmax",
            causal ? "Each row becomes weights that sum to 1: e to the power of every number, divided by the row's "
                     "sum. e to the power of -∞ is 0, so the first token can only look at itself."
                   : "Each row becomes weights that sum to 1: e to the power of every number, divided by the row's "
                     "sum. A row says how much its token takes from each of the others.",
            concat(weights, " = softmax(", scores, causal ? " + M" : "", "), row by row"),
            concat(weights, " = torch.softmax(", scores, causal ? " + M" : "", ", dim=-1)"))
      .show(weights, weights, queries, keys, head.weights, Look::weights);
  explanation
      .step("Attention",
            "The values are added up, each multiplied by its weight. The result is a new vector for every token that "
            "now holds something of those it looked at.",
            concat(output, " = ", weights, "·V", suffix), concat(output, " = ", weights, " @ V", suffix))
      .show(output, output, queries, numbered("o", head.output.columns), head.output);
}

void add_input_step(Explanation& explanation, const TokenVectors& vectors) {
  explanation
      .step("Input",
            concat("Each token enters as a vector of d_model = ", vectors.vectors.columns,
                   " numbers, a row of X. In a model it comes from the embedding table, with the position added."))
      .show("X", "X", vectors.tokens, numbered("x", vectors.vectors.columns), vectors.vectors);
}

void add_weight_step(Explanation& explanation, const HeadWeights& weights) {
  const std::int64_t d_model = weights.query.columns, width = weights.query.rows;
  explanation
      .step("Three learnt matrices",
            "W_q, W_k and W_v are what training changes; here they are random, as before the first step. They are "
            "shown transposed, a row for each number that enters.",
            "")
      .show("W_qᵀ", "W_q.T", numbered("x", d_model), head_columns("q", width, weights.heads), transposed(weights.query))
      .show("W_kᵀ", "W_k.T", numbered("x", d_model), head_columns("k", width, weights.heads), transposed(weights.key))
      .show("W_vᵀ", "W_v.T", numbered("x", d_model), head_columns("v", width, weights.heads),
            transposed(weights.value));
}

void add_qkv_step(Explanation& explanation, const MultiHead& attention, const TokenVectors& asking,
                  const TokenVectors& asked, std::string_view asking_variable, std::string_view asked_variable) {
  const std::string code =
      concat("Q = ", asking_variable, " @ W_q.T\nK = ", asked_variable, " @ W_k.T\nV = ", asked_variable, " @ W_v.T");
  const std::string formula =
      concat("Q = ", asking_variable, "·W_qᵀ    K = ", asked_variable, "·W_kᵀ    V = ", asked_variable, "·W_vᵀ");
  explanation
      .step("Queries, keys and values",
            "From the same vectors come a query (what a token looks for), a key (what it offers to those who look) "
            "and a value (what it hands over to them). As in a library: the query is compared with the labels, the "
            "keys, and what one takes home are the contents, the values.",
            formula, code)
      .show("Q", "Q", asking.tokens, head_columns("q", attention.query.columns, std::ssize(attention.heads)),
            attention.query)
      .show("K", "K", asked.tokens, head_columns("k", attention.key.columns, std::ssize(attention.heads)),
            attention.key)
      .show("V", "V", asked.tokens, head_columns("v", attention.value.columns, std::ssize(attention.heads)),
            attention.value);
}

std::vector<std::string> head_columns(std::string_view letter, std::int64_t width, std::int64_t heads) {
  if (heads == 1) return numbered(letter, width);
  std::vector<std::string> names;
  for (std::int64_t c = 0; c < width; ++c)
    names.push_back(concat(c / (width / heads), ":", letter, c % (width / heads)));
  return names;
}

void describe_case(Explanation& explanation, const ExplainCase& example) {
  explanation.numbers = {
      {"seed", static_cast<std::int64_t>(example.seed)}, {"d_model", example.d_model}, {"heads", example.heads}};
  explanation.tokens = example.source.tokens;
  explanation.target = example.target.tokens;
  explanation.weights = example.weights.used();
  explanation.preamble = python_vectors("X", example.source);
  if (example.target.count() > 0) explanation.preamble += python_vectors("Y", example.target);
  explanation.preamble += example.weights.code();
}

}  // namespace attn
