#pragma once
// The steps that encoders and decoders are made of.

#include "inspection/explain/attention_steps.h"

namespace attn {

/// What a layer of a worked case learns, the norms' gains (1) and biases (0) left out.
struct FeedForwardWeights {
  Matrix up;    // (F, C)
  Matrix down;  // (C, F)
};

/// W_1 and W_2 with F = 2·C, their names behind the prefix.
FeedForwardWeights draw_feed_forward(ExplainCase& example, const std::string& prefix = {});

/// The functions norm, positions and multi_head of the scripts, and the number of heads.
std::string layer_functions(const ExplainCase& example);

/// The tokens' vectors with their positions added: `variable` + P, kept as `state`.
Matrix add_position_step(Explanation& explanation, const TokenVectors& tokens, const std::string& variable,
                         const std::string& state);

/// What an attention step of a layer is called.
struct SublayerText {
  std::string title, text;
  std::string asks, asked;  // Python: the states of queries, of keys and values
  std::string prefix;       // of the weights
  std::string weights = "A", result = "Z";
  bool causal = false;
};
/// All heads' weights and the result.
void add_attention_step(Explanation& explanation, const SublayerText& text, const MultiHead& attention,
                        const std::vector<std::string>& queries, const std::vector<std::string>& keys);

/// A state after a residual connection, (T, C): `code` computes it as `name`.
void add_state_step(Explanation& explanation, std::string title, std::string text, std::string formula,
                    const std::string& name, const std::string& code, const std::vector<std::string>& tokens,
                    const Matrix& state);

/// activation(x·W_1ᵀ)·W_2ᵀ, both steps shown; `x` is the Python expression, `python_activation` the function.
Matrix add_feed_forward_step(Explanation& explanation, const ExplainTools& tools, const FeedForwardWeights& weights,
                             Activation activation, const std::string& x, const std::string& prefix,
                             const std::vector<std::string>& tokens, const Matrix& states);

/// Logits over the words of `table` and their softmax: two steps. `x` is the Python expression for the states.
void add_prediction_steps(Explanation& explanation, const ExplainTools& tools, const TokenVectors& text,
                          const std::string& x, const std::string& vectors, const Matrix& states);

}  // namespace attn
