// From words to vectors, and from vectors to vectors that know their place.

#include <cmath>

#include "base/error.h"
#include "inspection/explain/attention_steps.h"
#include "inspection/explain/topics.h"

namespace attn {

namespace {

std::vector<std::string> index_names(std::int64_t count) {
  return numbered("", count);
}

}  // namespace

Explanation explain_embedding(ExplainCase& example, const ExplainTools&) {
  const TokenVectors& x = example.source;
  const std::vector<std::string> vocabulary = vocabulary_of(x.tokens);
  const std::vector<std::int32_t> ids = ids_in(vocabulary, x.tokens);
  const std::int64_t count = x.count(), size = std::ssize(vocabulary);
  Matrix table(size, example.d_model), numbers(count, 1), one_hot(count, size);
  for (std::int64_t t = count - 1; t >= 0; --t) {
    const std::int32_t id = ids[static_cast<std::size_t>(t)];
    numbers.at(t, 0) = static_cast<float>(id);
    one_hot.at(t, id) = 1;
    for (std::int64_t c = 0; c < example.d_model; ++c) table.at(id, c) = x.vectors.at(t, c);
  }
  Explanation explanation{.topic = "embedding",
                          .title = "Embedding: words become vectors",
                          .text =
                              "A network computes with numbers, so a text is cut into tokens, and each token "
                              "becomes a vector. Equal tokens get equal vectors, wherever they stand."};
  describe_case(explanation, example);
  explanation.preamble.clear();
  explanation
      .step("Numbers",
            "Every different token gets a number, its place in the vocabulary. Here tokens are words; programs cut "
            "rare words into pieces, so that a few thousand tokens are enough for any text.",
            "", "")
      .show("ids", "ids", x.tokens, {"id"}, numbers, Look::plain);
  explanation.steps.back().code = "ids = " + python_tensor(numbers);
  explanation
      .step("Table",
            concat("The embedding table has a row of d_model = ", example.d_model,
                   " learnt numbers for each token of the vocabulary. Training moves the rows until tokens that are "
                   "used alike lie near one another."),
            "", "E = " + python_tensor(table))
      .show("E", "E", vocabulary, numbered("e", example.d_model), table);
  explanation
      .step("One-hot rows",
            "A token's number can be written as a row of zeros with a single 1. Multiplying it with the table picks "
            "the row of that number.",
            "H[t, id of t] = 1", concat("H = torch.nn.functional.one_hot(ids[:, 0].long(), ", size, ").float()"))
      .show("H", "H", x.tokens, vocabulary, one_hot, Look::plain);
  explanation
      .step("Vectors",
            "The result is one vector a token, the input of everything that follows. Programs do not multiply: they "
            "look the row up.",
            "X = H·E = E[ids]", "X = H @ E")
      .show("X", "X", x.tokens, numbered("x", example.d_model), x.vectors);
  return explanation;
}

Explanation explain_positions(ExplainCase& example, const ExplainTools&) {
  const TokenVectors& x = example.source;
  const std::int64_t count = x.count(), d_model = example.d_model, half = d_model / 2;
  const Matrix positions = interleaved_positions(count, d_model);
  Matrix frequencies(1, half), halves(count, d_model);
  std::vector<std::string> names, half_names(static_cast<std::size_t>(d_model));
  for (std::int64_t c = 0; c < d_model; ++c) {
    names.push_back(concat(c % 2 == 0 ? "sin" : "cos", c / 2));
    const std::int64_t place = c % 2 * half + c / 2;
    half_names[static_cast<std::size_t>(place)] = names.back();
    for (std::int64_t t = 0; t < count; ++t) halves.at(t, place) = positions.at(t, c);
  }
  for (std::int64_t i = 0; i < half; ++i) {
    frequencies.at(0, i) =
        static_cast<float>(std::pow(10000.0, -2.0 * static_cast<double>(i) / static_cast<double>(d_model)));
  }
  Explanation explanation{.topic = "positions",
                          .title = "Positions: vectors that know their place in the text",
                          .text =
                              "Attention compares tokens without regard to their order: shuffled words would give "
                              "shuffled results. So a pattern that differs from place to place is added to each "
                              "vector (Vaswani et al. 2017, section 3.5)."};
  describe_case(explanation, example);
  const std::vector<std::string> places = index_names(count);
  explanation
      .step("Frequencies",
            "Each pair of columns is a clock hand that turns at its own speed. The first turns by one radian from "
            "token to token, the others ever more slowly.",
            "ω_i = 1/10000^(2i/d_model)",
            concat("t = torch.arange(len(X))[:, None]\nomega = 10000.0 ** (-torch.arange(0, ", d_model, ", 2) / ",
                   d_model, ")[None]"))
      .show("ω", "omega", {"ω"}, index_names(half), frequencies);
  explanation
      .step("Sine and cosine",
            "The hand's place at position t is given by its sine and cosine, which stand side by side in the paper. "
            "A step of k positions turns every hand by the same angle, wherever it starts.",
            "P[t, 2i] = sin(t·ω_i)    P[t, 2i+1] = cos(t·ω_i)",
            "P = torch.stack([torch.sin(t * omega), torch.cos(t * omega)], dim=-1).reshape(X.shape)")
      .show("P", "P", places, names, positions);
  explanation
      .step("Sum",
            "The pattern is added to the tokens' vectors. The same word at another place now has another vector.",
            "X + P")
      .show("X", "X", x.tokens, numbered("x", d_model), x.vectors)
      .show("X + P", "X + P", x.tokens, numbered("x", d_model), sum_of(x.vectors, positions));
  explanation
      .step("In saved models",
            "Marian's models, and those that attn saves, keep the same numbers in two halves: all sines, then all "
            "cosines. That is another order of columns and nothing else; what is learnt on top follows it.",
            "", "P_halves = torch.cat([P[:, 0::2], P[:, 1::2]], dim=1)")
      .show("P in halves", "P_halves", places, half_names, halves);
  return explanation;
}

}  // namespace attn
