// One layer each of an encoder and of a decoder that looks at it.

#include "base/error.h"
#include "inspection/explain/layer_steps.h"
#include "inspection/explain/topics.h"

namespace attn {

namespace {

/// The encoder's half: the states of the source.
Matrix add_encoder(Explanation& explanation, const ExplainCase& example, const ExplainTools& tools,
                   const HeadWeights& weights, const FeedForwardWeights& feed_forward) {
  const std::vector<std::string>& tokens = example.source.tokens;
  const Matrix input = add_position_step(explanation, example.source, "X", "H0");
  const MultiHead attention = multi_head(tools, input, input, weights, false);
  add_attention_step(explanation,
                     {.title = "The encoder reads: self-attention",
                      .text = "The source is known as a whole, so every token may look at all others. attn explain "
                              "encoder shows this half alone.",
                      .asks = "H0",
                      .asked = "H0",
                      .prefix = "encoder.",
                      .weights = "A_encoder"},
                     attention, tokens, tokens);
  const Matrix between = normed(tools, sum_of(input, attention.output));
  add_state_step(explanation, "Add and norm", "What was found is added to what was there, then normed.",
                 "H1 = norm(H0 + Z)", "H1", "norm(H0 + Z)", tokens, between);
  const Matrix digested =
      add_feed_forward_step(explanation, tools, feed_forward, Activation::relu, "H1", "encoder.", tokens, between);
  const Matrix output = normed(tools, sum_of(between, digested));
  add_state_step(explanation, "What the encoder hands over",
                 "Added and normed again. These states, one a source token, are all that the decoder will know of the "
                 "source.",
                 "H2 = norm(H1 + F)", "H2", "norm(H1 + F)", tokens, output);
  return output;
}

}  // namespace

Explanation explain_encoder_decoder(ExplainCase& example, const ExplainTools& tools) {
  const std::vector<std::string>&source = example.source.tokens, &target = example.target.tokens;
  Explanation explanation{
      .topic = "encoder-decoder",
      .title = "Encoder-decoder: one text becomes another",
      .text =
          "The Transformer of Vaswani et al. 2017, made to translate: an encoder reads the source, a decoder writes "
          "the target and looks back at the encoder's states. One layer each; the paper stacks six."};
  const HeadWeights reading = example.head_weights("encoder.");
  const FeedForwardWeights reading_feed_forward = draw_feed_forward(example, "encoder.");
  const HeadWeights writing = example.head_weights("decoder.");
  const HeadWeights crossing = example.head_weights("cross.");
  const FeedForwardWeights writing_feed_forward = draw_feed_forward(example, "decoder.");
  describe_case(explanation, example);
  explanation.preamble += layer_functions(example);

  const Matrix states = add_encoder(explanation, example, tools, reading, reading_feed_forward);
  const Matrix input = add_position_step(explanation, example.target, "Y", "D0");
  const MultiHead own = multi_head(tools, input, input, writing, true);
  add_attention_step(explanation,
                     {.title = "The decoder writes: masked self-attention",
                      .text = "The target so far looks at itself, and never ahead. Its first token is a start sign, as "
                              "there must be something to predict the first word from.",
                      .asks = "D0",
                      .asked = "D0",
                      .prefix = "decoder.",
                      .weights = "A_decoder",
                      .causal = true},
                     own, target, target);
  const Matrix first = normed(tools, sum_of(input, own.output));
  add_state_step(explanation, "Add and norm", "What was found is added to what was there, then normed.",
                 "D1 = norm(D0 + Z)", "D1", "norm(D0 + Z)", target, first);
  const MultiHead across = multi_head(tools, first, states, crossing, false);
  add_attention_step(explanation,
                     {.title = "The decoder looks at the source: cross-attention",
                      .text = "Queries come from the target, keys and values from the encoder's states. In a trained "
                              "translator the rows often show which source words a target word was made of.",
                      .asks = "D1",
                      .asked = "H2",
                      .prefix = "cross.",
                      .weights = "A_cross"},
                     across, target, source);
  const Matrix second = normed(tools, sum_of(first, across.output));
  add_state_step(explanation, "Add and norm", "What was found is added to what was there, then normed.",
                 "D2 = norm(D1 + Z)", "D2", "norm(D1 + Z)", target, second);
  const Matrix digested = add_feed_forward_step(explanation, tools, writing_feed_forward, Activation::relu, "D2",
                                                "decoder.", target, second);
  const Matrix output = normed(tools, sum_of(second, digested));
  add_state_step(explanation, "Add and norm", "Added and normed a last time.", "D3 = norm(D2 + F)", "D3",
                 "norm(D2 + F)", target, output);
  add_prediction_steps(explanation, tools, example.target, "D3", "Y", output);
  return explanation;
}

}  // namespace attn
