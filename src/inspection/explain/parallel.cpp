// The same text in one pass and token by token.

#include <algorithm>
#include <chrono>
#include <cmath>

#include "base/error.h"
#include "generation/cached_decoder.h"
#include "inspection/explain/attention_steps.h"
#include "inspection/explain/topics.h"
#include "models/initialize.h"

namespace attn {

namespace {

constexpr int kMeasuredTokens = 256;

/// What a model took for a text.
struct Run {
  double milliseconds = 0;
  std::vector<float> logits;  // (V): of the token after the text
};

template <class Read>
Run measure(CachedDecoder& decoder, const Read& read) {
  Run run;
  for (int attempt = 0; attempt < 3; ++attempt) {
    const auto begin = std::chrono::steady_clock::now();
    read();
    const double taken = std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - begin).count();
    run.milliseconds = attempt == 0 ? taken : std::min(run.milliseconds, taken);
  }
  run.logits.assign(decoder.logits(0).begin(), decoder.logits(0).end());
  return run;
}

float largest_difference(const std::vector<float>& a, const std::vector<float>& b) {
  float largest = 0;
  for (std::size_t i = 0; i < a.size(); ++i) largest = std::max(largest, std::fabs(a[i] - b[i]));
  return largest;
}

/// Each query alone, with the keys and values so far: (T, C).
Matrix one_by_one(const MultiHead& attention) {
  const std::int64_t count = attention.query.rows, width = attention.query.columns;
  Matrix output(count, width);
  for (std::int64_t t = 0; t < count; ++t) {
    const ComposedAttention step = composed_attention(rows_of(attention.query, t, 1), rows_of(attention.key, 0, t + 1),
                                                      rows_of(attention.value, 0, t + 1), true);
    std::copy(step.output.values.begin(), step.output.values.end(), &output.at(t, 0));
  }
  return output;
}

void add_measured_step(Explanation& explanation, const ExplainCase& example, const ExplainTools& tools) {
  const std::vector<std::string> vocabulary = vocabulary_of(example.source.tokens);
  const std::vector<std::int32_t> ids = ids_in(vocabulary, example.source.tokens);
  ModelConfig config;  // GPT-2's form, 4 layers of 4 heads, d_model 128
  config.vocabulary = static_cast<int>(vocabulary.size());
  config.context = kMeasuredTokens;
  DecoderModel model(config);
  initialize(model.parameters(), config, example.seed);
  std::vector<std::int32_t> text;
  while (text.size() < kMeasuredTokens) text.push_back(ids[text.size() % ids.size()]);

  CachedDecoder decoder(model, tools.kernels, tools.pool, 1, kMeasuredTokens);
  const Run whole = measure(decoder, [&] { decoder.read(text); });
  const Run single = measure(decoder, [&] {
    decoder.read(std::span(text).first(1));
    for (std::size_t t = 1; t < text.size(); ++t) decoder.append(std::span(text).subspan(t, 1));
  });
  Matrix table(2, 3);
  table.values = {1,
                  static_cast<float>(whole.milliseconds),
                  static_cast<float>(kMeasuredTokens / whole.milliseconds),
                  kMeasuredTokens,
                  static_cast<float>(single.milliseconds),
                  static_cast<float>(kMeasuredTokens / single.milliseconds)};
  Matrix difference(1, 1);
  difference.at(0, 0) = largest_difference(whole.logits, single.logits);
  explanation
      .step("Measured on this machine",
            concat("A random GPT-2 of ", config.layers, " layers, d_model ", config.d_model,
                   ", reads this text, repeated to ", kMeasuredTokens, " tokens, on ", tools.pool.threads(),
                   tools.pool.threads() == 1 ? " thread" : " threads",
                   ". Its prediction of the next token is the same both ways, up to rounding; the time is not."))
      .show("time", "", {"in one pass", "token by token"}, {"steps", "milliseconds", "tokens per ms"}, table,
            Look::plain)
      .show("prediction", "", {"logits"}, {"largest difference"}, difference, Look::plain);
}

}  // namespace

Explanation explain_parallel(ExplainCase& example, const ExplainTools& tools) {
  const TokenVectors& x = example.source;
  Explanation explanation{
      .topic = "parallel",
      .title = "Parallel: a whole text in one step",
      .text =
          "A recurrent network must finish one token before it can begin the next. Attention has no such chain: "
          "all rows of Q·Kᵀ can be computed at once, which is why Transformers train fast on parallel hardware "
          "(Vaswani et al. 2017, section 4). Only a text that is being written comes token by token."};
  const HeadWeights weights = example.weights.heads("", 1, example.d_model, example.d_model, false);
  const MultiHead attention = multi_head(tools, x.vectors, x.vectors, weights, true);
  add_qkv_step(explanation, attention, x, x, "X", "X");
  explanation
      .step("In one pass",
            "All queries meet all keys in one matrix product, and the mask hides what lies ahead. So a model learns "
            "from every position of a text in a single step.",
            "O = softmax(Q·Kᵀ/√d_k + M)·V",
            "S = Q @ K.T / K.shape[1] ** 0.5\nA = torch.softmax(S + torch.full(S.shape, -torch.inf).triu(1), dim=-1)\n"
            "O = A @ V")
      .show("A", "A", x.tokens, x.tokens, attention.heads[0].weights, Look::weights)
      .show("O", "O", x.tokens, numbered("o", attention.output.columns), attention.output);
  explanation
      .step("Token by token",
            "A text that is being written grows by one token a step. Its query meets the keys and values of those "
            "before it, which are kept (the cache), so nothing is computed twice and no mask is needed.",
            "o_t = softmax(q_t·K[0..t]ᵀ/√d_k)·V[0..t]",
            "O_steps = torch.stack([torch.softmax(Q[t] @ K[:t + 1].T / K.shape[1] ** 0.5, dim=-1) @ V[:t + 1] "
            "for t in range(len(X))])")
      .show("O, step by step", "O_steps", x.tokens, numbered("o", attention.output.columns), one_by_one(attention));
  add_measured_step(explanation, example, tools);
  describe_case(explanation, example);
  return explanation;
}

}  // namespace attn
