// Attention with one head: queries, keys and values, then self-, masked and cross-attention.

#include "base/error.h"
#include "inspection/explain/attention_steps.h"
#include "inspection/explain/topics.h"

namespace attn {

namespace {

Explanation explain_one_text(ExplainCase& example, const ExplainTools& tools, bool causal, std::string topic,
                             std::string title, std::string text) {
  Explanation explanation{.topic = std::move(topic), .title = std::move(title), .text = std::move(text)};
  const TokenVectors& x = example.source;
  const HeadWeights weights = example.weights.heads("", 1, example.d_model, example.d_model, false);
  const MultiHead attention = multi_head(tools, x.vectors, x.vectors, weights, causal);
  add_input_step(explanation, x);
  add_weight_step(explanation, weights);
  add_qkv_step(explanation, attention, x, x, "X", "X");
  add_attention_steps(explanation, attention.heads[0], {x.tokens, x.tokens}, example.d_model, causal);
  describe_case(explanation, example);
  return explanation;
}

}  // namespace

Explanation explain_qkv(ExplainCase& example, const ExplainTools& tools) {
  Explanation explanation{.topic = "qkv",
                          .title = "Queries, keys and values: what attention compares and what it passes on",
                          .text =
                              "Attention lets tokens fetch information from one another. For that each token plays "
                              "three parts, and three learnt matrices make a vector for each part."};
  const TokenVectors& x = example.source;
  const HeadWeights weights = example.weights.heads("", 1, example.d_model, example.d_model, false);
  add_input_step(explanation, x);
  add_weight_step(explanation, weights);
  add_qkv_step(explanation, multi_head(tools, x.vectors, x.vectors, weights, false), x, x, "X", "X");
  describe_case(explanation, example);
  return explanation;
}

Explanation explain_self_attention(ExplainCase& example, const ExplainTools& tools) {
  return explain_one_text(
      example, tools, false, "self-attention", "Self-attention: every token looks at every token of its text",
      "attention(Q, K, V) = softmax(Q·Kᵀ/√d_k)·V (Vaswani et al. 2017, equation 1), one step at a time. Encoders such "
      "as BERT use it: the whole text is known, so a token may look to both sides.");
}

Explanation explain_masked_self_attention(ExplainCase& example, const ExplainTools& tools) {
  return explain_one_text(example, tools, true, "masked-self-attention",
                          "Masked self-attention: every token looks at itself and at those before it",
                          "The same as self-attention, except that what lies ahead is hidden: attention(Q, K, V) = "
                          "softmax(Q·Kᵀ/√d_k + M)·V. "
                          "Decoders such as GPT use it: they are trained to predict the next token at every place at "
                          "once, and must not see "
                          "it.");
}

Explanation explain_cross_attention(ExplainCase& example, const ExplainTools& tools) {
  const bool course = example.style == HeadStyle::course;
  if (course) example.target = example.source;
  const TokenVectors &source = example.source, &target = example.target;
  Explanation explanation{
      .topic = "cross-attention",
      .title = "Cross-attention: one text looks at another",
      .text =
          "In an encoder-decoder model the decoder asks and the encoder's output answers: queries come from the "
          "target text, keys and values from the source text (Vaswani et al. 2017, section 3.2.3). Nothing is "
          "masked, as the whole source is known."};
  if (course)
    explanation.text +=
        " Here, as in the course, the same text stands on both sides: the result is that of self-attention.";
  const HeadWeights weights = example.weights.heads("", 1, example.d_model, example.d_model, false);
  const MultiHead attention = multi_head(tools, target.vectors, source.vectors, weights, false);
  explanation
      .step("Two inputs",
            concat("X holds the source's ", source.count(),
                   " tokens, in a model the encoder's output for them. Y "
                   "holds the ",
                   target.count(), " tokens of the target so far."),
            "")
      .show("X", "X", source.tokens, numbered("x", example.d_model), source.vectors)
      .show("Y", "Y", target.tokens, numbered("y", example.d_model), target.vectors);
  add_weight_step(explanation, weights);
  add_qkv_step(explanation, attention, target, source, "Y", "X");
  add_attention_steps(explanation, attention.heads[0], {target.tokens, source.tokens}, example.d_model, false);
  describe_case(explanation, example);
  return explanation;
}

}  // namespace attn
