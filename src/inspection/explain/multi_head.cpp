// Several heads side by side, in the paper's form and in that of the course.

#include "base/error.h"
#include "inspection/explain/attention_steps.h"
#include "inspection/explain/topics.h"

namespace attn {

namespace {

constexpr const char* kPaper =
    "One head can look for one thing at a time; several look for several, each with matrices of its own. In the form "
    "of the paper (Vaswani et al. 2017, section 3.2.2) each head works with d_model/heads numbers, so that all "
    "together cost no more than one wide head, and a last matrix W_o mixes what they found. The course's notebooks "
    "(--style course) make each head as wide as d_model and leave W_o out.";
constexpr const char* kCourse =
    "One head can look for one thing at a time; several look for several, each with matrices of its own. In the form "
    "of the course's notebooks each head is as wide as d_model, and the outputs stand side by side without a last "
    "matrix. "
    "The paper's form (without --style course) divides d_model among the heads and ends with a matrix W_o.";

void show_heads(Explanation& explanation, const char* letter, const std::vector<std::string>& tokens,
                const MultiHead& attention, Matrix ComposedAttention::*matrix, Look look) {
  const std::int64_t width = (attention.heads[0].*matrix).columns;
  for (std::size_t head = 0; head < attention.heads.size(); ++head) {
    const bool over_tokens = matrix != &ComposedAttention::output;
    explanation.show(concat(letter, " of head ", head), concat(letter, "[", head, "]"), tokens,
                     over_tokens ? tokens : numbered("o", width), attention.heads[head].*matrix, look);
  }
}

void add_head_steps(Explanation& explanation, const MultiHead& attention, const std::vector<std::string>& tokens) {
  const std::int64_t count = std::ssize(attention.heads), d_head = attention.heads[0].output.columns;
  explanation.step(
      "Scaled similarities",
      concat("Q, K and V are cut into ", count, count == 1 ? " part" : " parts", " of ", d_head,
             d_head == 1 ? " column" : " columns",
             ", one for each head. Each head compares its own queries with its own keys."),
      concat("S = Q·Kᵀ/√", d_head, ", head by head"),
      concat("heads = ", count,
             "\ndef split(M):\n    return M.view(len(M), heads, -1).transpose(0, 1)  # (heads, tokens, d_head)\n"
             "S = split(Q) @ split(K).transpose(1, 2) / (Q.shape[1] // heads) ** 0.5"));
  show_heads(explanation, "S", tokens, attention, &ComposedAttention::scores, Look::decimals);
  explanation.step(
      "Softmax",
      "Each head has its own weights, so a token may look at one place with one head and at another with "
      "the next. In trained models some heads specialise: on the previous token, say, or on the object of a "
      "verb (Clark et al. 2019).",
      "A = softmax(S)", "A = torch.softmax(S, dim=-1)");
  show_heads(explanation, "A", tokens, attention, &ComposedAttention::weights, Look::weights);
  explanation.step("Each head's result", "Every head adds up its own values with its own weights.", "O = A·V",
                   "O = A @ split(V)");
  show_heads(explanation, "O", tokens, attention, &ComposedAttention::output, Look::decimals);
}

}  // namespace

Explanation explain_multi_head_attention(ExplainCase& example, const ExplainTools& tools) {
  const bool course = example.style == HeadStyle::course;
  const TokenVectors& x = example.source;
  Explanation explanation{.topic = "multi-head-attention",
                          .title = concat("Multi-head attention: ", example.heads, " heads look at once"),
                          .text = course ? kCourse : kPaper};
  const HeadWeights weights = example.head_weights();
  const MultiHead attention = multi_head(tools, x.vectors, x.vectors, weights, false);
  add_input_step(explanation, x);
  add_weight_step(explanation, weights);
  add_qkv_step(explanation, attention, x, x, "X", "X");
  add_head_steps(explanation, attention, x.tokens);
  explanation
      .step("Side by side",
            course ? "The heads' results are put next to each other, which makes every vector as many times longer as "
                     "there are heads. This is the result in the course's form."
                   : "The heads' results are put next to each other. As each is d_model/heads wide, the vectors have "
                     "d_model numbers again.",
            "", "joined = O.transpose(0, 1).reshape(len(X), -1)")
      .show("joined", "joined", x.tokens, head_columns("o", attention.joined.columns, example.heads), attention.joined);
  if (!course) {
    explanation
        .step("Output",
              "A last learnt matrix mixes what the heads found, so that the next layer gets one vector and need not "
              "know which head said what.",
              "Y = joined·W_oᵀ", "Y = joined @ W_o.T")
        .show("W_oᵀ", "W_o.T", head_columns("o", attention.joined.columns, example.heads),
              numbered("y", attention.output.columns), transposed(weights.output))
        .show("Y", "Y", x.tokens, numbered("y", attention.output.columns), attention.output);
  }
  describe_case(explanation, example);
  return explanation;
}

}  // namespace attn
