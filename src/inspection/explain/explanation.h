#pragma once
// A worked case as data: steps of text, formula and matrices. Who computes one (a topic, a trained model) knows nothing
// of how it is shown: on a terminal, as JSON, as CSV, or as a PyTorch script that computes the same.

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "inspection/composed_attention.h"

namespace attn {

/// How a matrix is shown to people: with four decimals, the same with rows of weights shaded by size, or each number
/// in its shortest form (counts, masks).
enum class Look { decimals, weights, plain };

struct ShownMatrix {
  std::string name;                        // "W_qᵀ"
  std::string variable;                    // the Python expression for it in the script; empty: the script has none
  std::vector<std::string> rows, columns;  // their names
  Matrix values;                           // (rows, columns)
  Look look = Look::decimals;
};

struct ExplainStep {
  std::string title;
  std::string text;     // two sentences: what the step is for
  std::string formula;  // "A = softmax(S), row by row"; may be empty
  std::string code;     // PyTorch lines that compute the step's variables; may be empty
  std::vector<ShownMatrix> matrices;
};

struct NamedMatrix {
  std::string name;  // "W_q"
  Matrix values;     // (out, in), as nn.Linear has it
};

struct Explanation {
  std::string topic, title;
  std::string text;                                                // a paragraph before the steps
  std::vector<std::pair<std::string, std::int64_t>> numbers = {};  // of the case: seed, d_model, heads
  std::vector<std::string> tokens = {}, target = {};               // of the case
  std::string preamble = {};                                       // the script before the first step
  std::vector<ExplainStep> steps = {};
  std::vector<NamedMatrix> weights = {};  // in the order in which they were drawn

  /// Begins a step.
  Explanation& step(std::string step_title, std::string step_text, std::string formula = {}, std::string code = {}) {
    steps.push_back({std::move(step_title), std::move(step_text), std::move(formula), std::move(code), {}});
    return *this;
  }
  /// Adds a matrix to the step begun last.
  Explanation& show(std::string name, std::string variable, std::vector<std::string> rows,
                    std::vector<std::string> columns, Matrix values, Look look = Look::decimals) {
    steps.back().matrices.push_back(
        {std::move(name), std::move(variable), std::move(rows), std::move(columns), std::move(values), look});
    return *this;
  }
};

/// "q0", "q1", …
std::vector<std::string> numbered(std::string_view letter, std::int64_t count);

/// Steps for people, at most `width` columns wide where names and numbers allow; wide and long matrices are cut with …
/// Colors: titles, and weights shaded by size.
std::string explanation_text(const Explanation& explanation, int width, bool color);

/// {"topic","title","text",numbers…,"tokens","target","weights":{"W_q":…},"steps":[{"title","text","formula","matrices":
/// [{"name","rows","columns","values"}]}]}; what is not finite is null.
std::string explanation_json(const Explanation& explanation);

/// Rows step,title,matrix,row,row_name,column,column_name,value, with a header.
std::string explanation_csv(const Explanation& explanation);

/// A Python script that computes the steps with PyTorch and prints every matrix.
std::string explanation_script(const Explanation& explanation);

/// Python's form of a matrix: torch.tensor([[…]]), with the digits that read back to the same numbers.
std::string python_tensor(const Matrix& values);

}  // namespace attn
