// One layer of a decoder-only model, from words to the next word's probabilities.

#include "base/error.h"
#include "inspection/explain/layer_steps.h"
#include "inspection/explain/topics.h"

namespace attn {

Explanation explain_decoder(ExplainCase& example, const ExplainTools& tools) {
  const std::vector<std::string>& tokens = example.source.tokens;
  Explanation explanation{
      .topic = "decoder",
      .title = "Decoder: a text is continued, word by word",
      .text =
          "A decoder-only model such as GPT (Radford et al. 2018) guesses the next token from those before it. This is "
          "one layer in the form of GPT-2, where the norm stands before each part and the states themselves are "
          "only ever added to; real models stack dozens and learn the positions or rotate them in."};
  const HeadWeights weights = example.head_weights();
  const FeedForwardWeights feed_forward = draw_feed_forward(example);
  describe_case(explanation, example);
  explanation.preamble += layer_functions(example);

  const Matrix input = add_position_step(explanation, example.source, "X", "H0");
  const Matrix first = normed(tools, input);
  add_state_step(explanation, "Norm",
                 "Each row gets mean 0 and variance 1, so that the next part always works with numbers of the same "
                 "size. H0 itself goes on unchanged beside it.",
                 "N0 = norm(H0)", "N0", "norm(H0)", tokens, first);
  const MultiHead attention = multi_head(tools, first, first, weights, true);
  add_attention_step(
      explanation,
      {.title = "Masked self-attention",
       .text = "Every token gathers from itself and those before it, with each head in its own way. Above "
               "the diagonal all weights are 0: nobody sees the word that it has to guess.",
       .asks = "N0",
       .asked = "N0",
       .prefix = "",
       .causal = true},
      attention, tokens, tokens);
  const Matrix between = sum_of(input, attention.output);
  add_state_step(explanation, "Add",
                 "What was found is added to what was there: the residual connection (He et al. 2016). So nothing gets "
                 "lost, and gradients reach the first layer of a deep stack.",
                 "H1 = H0 + Z", "H1", "H0 + Z", tokens, between);
  const Matrix second = normed(tools, between);
  const Matrix digested =
      add_feed_forward_step(explanation, tools, feed_forward, Activation::gelu_tanh, "norm(H1)", "", tokens, second);
  const Matrix output = sum_of(between, digested);
  add_state_step(explanation, "Add", "Added again. The next layer would begin here with its norm.", "H2 = H1 + F", "H2",
                 "H1 + F", tokens, output);
  add_prediction_steps(explanation, tools, example.source, "norm(H2)", "X", normed(tools, output));
  return explanation;
}

}  // namespace attn
