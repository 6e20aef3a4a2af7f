// One layer of an encoder.

#include "base/error.h"
#include "inspection/explain/layer_steps.h"
#include "inspection/explain/topics.h"

namespace attn {

Explanation explain_encoder(ExplainCase& example, const ExplainTools& tools) {
  const std::vector<std::string>& tokens = example.source.tokens;
  Explanation explanation{
      .topic = "encoder",
      .title = "Encoder: a text is read, both sides at once",
      .text =
          "An encoder makes of every token a vector that knows its context: to classify texts, compare them, or fill "
          "gaps. This is one layer in the form of the paper, each part followed by a norm; BERT (Devlin et al. 2018) "
          "is a stack of 12 with GELU in place of ReLU and learnt positions."};
  const HeadWeights weights = example.head_weights();
  const FeedForwardWeights feed_forward = draw_feed_forward(example);
  describe_case(explanation, example);
  explanation.preamble += layer_functions(example);

  const Matrix input = add_position_step(explanation, example.source, "X", "H0");
  const MultiHead attention = multi_head(tools, input, input, weights, false);
  add_attention_step(
      explanation,
      {.title = "Self-attention",
       .text = "Every token gathers from all others, with each head in its own way. Each row of A sums to "
               "1; Z is what the heads found, mixed by W_o.",
       .asks = "H0",
       .asked = "H0",
       .prefix = ""},
      attention, tokens, tokens);
  const Matrix between = normed(tools, sum_of(input, attention.output));
  add_state_step(explanation, "Add and norm",
                 "What was found is added to what was there, so nothing gets lost and gradients pass easily (He et al. "
                 "2016). The norm then gives each row mean 0 and variance 1 (Ba et al. 2016).",
                 "H1 = norm(H0 + Z)", "H1", "norm(H0 + Z)", tokens, between);
  const Matrix digested =
      add_feed_forward_step(explanation, tools, feed_forward, Activation::relu, "H1", "", tokens, between);
  const Matrix output = normed(tools, sum_of(between, digested));
  add_state_step(explanation, "Add and norm",
                 "Again added and normed. These states are the input of the next layer, or the encoder's result.",
                 "H2 = norm(H1 + F)", "H2", "norm(H1 + F)", tokens, output);
  Matrix mean(1, example.d_model);
  for (std::int64_t c = 0; c < example.d_model; ++c) {
    double sum = 0;
    for (std::int64_t t = 0; t < output.rows; ++t) sum += output.at(t, c);
    mean.at(0, c) = static_cast<float>(sum / static_cast<double>(output.rows));
  }
  explanation
      .step("One vector for the text",
            "The mean of the states stands for the whole text: a classifier reads it, or a search compares it with "
            "others. BERT may also use the state of its first token, [CLS].",
            "mean over the tokens")
      .show("text", "H2.mean(dim=0, keepdim=True)", {"text"}, numbered("x", example.d_model), mean);
  return explanation;
}

}  // namespace attn
