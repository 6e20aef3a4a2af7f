#include "inspection/explain/layer_steps.h"

#include "base/error.h"

namespace attn {

FeedForwardWeights draw_feed_forward(ExplainCase& example, const std::string& prefix) {
  const std::int64_t d_model = example.d_model, d_ff = 2 * d_model;
  Matrix up = example.weights.linear(prefix + "W_1", d_ff, d_model);
  return {std::move(up), example.weights.linear(prefix + "W_2", d_model, d_ff)};
}

std::string layer_functions(const ExplainCase& example) {
  return concat("heads = ", example.heads, R"(
def positions(X):
    t = torch.arange(len(X))[:, None] * 10000.0 ** (-torch.arange(0, X.shape[1], 2) / X.shape[1])
    return torch.stack([torch.sin(t), torch.cos(t)], dim=-1).reshape(X.shape)
def norm(X):
    return torch.nn.functional.layer_norm(X, X.shape[1:])
def multi_head(X, Y, W_q, W_k, W_v, W_o, masked=False):
    Q, K, V = (M.view(len(M), heads, -1).transpose(0, 1) for M in (X @ W_q.T, Y @ W_k.T, Y @ W_v.T))
    S = Q @ K.transpose(1, 2) / Q.shape[2] ** 0.5
    if masked:
        S = S + torch.full(S.shape[1:], -torch.inf).triu(1)
    A = torch.softmax(S, dim=-1)
    return A, (A @ V).transpose(0, 1).reshape(len(X), -1) @ W_o.T
)");
}

Matrix add_position_step(Explanation& explanation, const TokenVectors& tokens, const std::string& variable,
                         const std::string& state) {
  const std::int64_t d_model = tokens.vectors.columns;
  Matrix sum = sum_of(tokens.vectors, interleaved_positions(tokens.count(), d_model));
  const std::vector<std::string> columns = numbered("x", d_model);
  explanation
      .step("Tokens and positions",
            "Each token's vector gets the pattern of its position added (see attn explain positions). What results "
            "is the first state of the token, which the layer will change step by step.",
            concat(state, " = ", variable, " + P"), concat(state, " = ", variable, " + positions(", variable, ")"))
      .show(variable, variable, tokens.tokens, columns, tokens.vectors)
      .show(state, state, tokens.tokens, columns, sum);
  return sum;
}

void add_attention_step(Explanation& explanation, const SublayerText& text, const MultiHead& attention,
                        const std::vector<std::string>& queries, const std::vector<std::string>& keys) {
  std::string parameters;
  for (const char* name : {"W_q", "W_k", "W_v", "W_o"}) parameters += ", " + python_name(text.prefix + name);
  explanation.step(text.title, text.text,
                   concat(text.result, " = ", text.causal ? "masked " : "", "multi-head attention, queries of ",
                          text.asks, ", keys and values of ", text.asked),
                   concat(text.weights, ", ", text.result, " = multi_head(", text.asks, ", ", text.asked, parameters,
                          text.causal ? ", masked=True)" : ")"));
  for (std::size_t head = 0; head < attention.heads.size(); ++head) {
    explanation.show(concat(text.weights, " of head ", head), concat(text.weights, "[", head, "]"), queries, keys,
                     attention.heads[head].weights, Look::weights);
  }
  explanation.show(text.result, text.result, queries, numbered("z", attention.output.columns), attention.output);
}

void add_state_step(Explanation& explanation, std::string title, std::string text, std::string formula,
                    const std::string& name, const std::string& code, const std::vector<std::string>& tokens,
                    const Matrix& state) {
  explanation.step(std::move(title), std::move(text), std::move(formula), concat(name, " = ", code))
      .show(name, name, tokens, numbered("x", state.columns), state);
}

Matrix add_feed_forward_step(Explanation& explanation, const ExplainTools& tools, const FeedForwardWeights& weights,
                             Activation activation, const std::string& x, const std::string& prefix,
                             const std::vector<std::string>& tokens, const Matrix& states) {
  const bool relu = activation == Activation::relu;
  const Matrix wide = project(tools, states, weights.up, activation);
  Matrix result = project(tools, wide, weights.down);
  const std::string up = python_name(prefix + "W_1"), down = python_name(prefix + "W_2");
  const std::string inner = concat(x, " @ ", up, ".T");
  explanation
      .step("Feed-forward",
            concat("Every token is now worked on by itself: stretched to ", wide.columns, " numbers, ",
                   relu ? "negative ones set to 0 (ReLU)" : "negative ones bent towards 0 (GELU)",
                   ", and folded back to ", result.columns,
                   ". Attention moves information between tokens; this is where it is digested."),
            concat("F = ", relu ? "relu" : "gelu", "(", x, "·W_1ᵀ)·W_2ᵀ"),
            concat("wide = ",
                   relu ? concat("torch.relu(", inner, ")")
                        : concat("torch.nn.functional.gelu(", inner, ", approximate=\"tanh\")"),
                   "\nF = wide @ ", down, ".T"))
      .show("widened", "wide", tokens, numbered("f", wide.columns), wide)
      .show("F", "F", tokens, numbered("x", result.columns), result);
  return result;
}

void add_prediction_steps(Explanation& explanation, const ExplainTools& tools, const TokenVectors& text,
                          const std::string& x, const std::string& vectors, const Matrix& states) {
  const std::vector<std::string> vocabulary = vocabulary_of(text.tokens);
  std::vector<std::int32_t> first_rows(vocabulary.size(), -1);
  std::string rows;
  const std::vector<std::int32_t> ids = ids_in(vocabulary, text.tokens);
  for (std::size_t t = 0; t < ids.size(); ++t) {
    std::int32_t& first = first_rows[static_cast<std::size_t>(ids[t])];
    if (first >= 0) continue;
    first = static_cast<std::int32_t>(t);
    rows += concat(rows.empty() ? "" : ", ", t);
  }
  const Matrix logits = project(tools, states, rows_at(text.vectors, first_rows));
  explanation
      .step("Logits",
            "Each state is compared with the embedding of every word of the vocabulary, here the words of this text. "
            "The product, a logit, is large for words that fit as the next one.",
            concat("logits = ", x, "·Eᵀ"), concat("E = ", vectors, "[[", rows, "]]\nlogits = ", x, " @ E.T"))
      .show("logits", "logits", text.tokens, vocabulary, logits);
  explanation
      .step("Next word",
            "Softmax makes probabilities of the logits: each row is a guess at the word that follows its token. With "
            "random matrices a word mostly guesses itself, as its own vector is still in its state; training moves the "
            "probability to the word that does follow.",
            "p = softmax(logits)", "p = torch.softmax(logits, dim=-1)")
      .show("p", "p", text.tokens, vocabulary, softmax_rows(logits), Look::weights);
}

}  // namespace attn
