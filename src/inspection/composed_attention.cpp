#include "inspection/composed_attention.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/error.h"

namespace attn {

namespace {

double element(const MatrixView& matrix, std::int64_t row, std::int64_t column) {
  return matrix.data[row * matrix.stride + column];
}

// a·bᵀ: (T, D), (S, D) → (T, S)
Matrix product_with_transposed(const MatrixView& a, const MatrixView& b) {
  Matrix result(a.rows, b.rows);
  for (std::int64_t t = 0; t < a.rows; ++t) {
    for (std::int64_t s = 0; s < b.rows; ++s) {
      double sum = 0;
      for (std::int64_t d = 0; d < a.columns; ++d) sum += element(a, t, d) * element(b, s, d);
      result.at(t, s) = static_cast<float>(sum);
    }
  }
  return result;
}

// a·b: (T, S), (S, D) → (T, D)
Matrix product(const MatrixView& a, const MatrixView& b) {
  Matrix result(a.rows, b.columns);
  for (std::int64_t t = 0; t < a.rows; ++t) {
    for (std::int64_t d = 0; d < b.columns; ++d) {
      double sum = 0;
      for (std::int64_t s = 0; s < b.rows; ++s) sum += element(a, t, s) * element(b, s, d);
      result.at(t, d) = static_cast<float>(sum);
    }
  }
  return result;
}

Matrix scaled(Matrix matrix, double factor) {
  for (float& value : matrix.values) value = static_cast<float>(value * factor);
  return matrix;
}

// The last query is beside the last key; no query sees keys to its right.
Matrix causally_masked(Matrix scores) {
  const std::int64_t offset = scores.columns - scores.rows;
  for (std::int64_t t = 0; t < scores.rows; ++t) {
    for (std::int64_t s = offset + t + 1; s < scores.columns; ++s) {
      scores.at(t, s) = -std::numeric_limits<float>::infinity();
    }
  }
  return scores;
}

}  // namespace

// softmax(x)[s] = exp(x[s] - max) / Σ exp(x - max): the same for any shift, and with the maximum nothing overflows.
Matrix softmax_rows(const Matrix& scores) {
  Matrix weights(scores.rows, scores.columns);
  std::vector<double> powers(static_cast<std::size_t>(scores.columns));
  for (std::int64_t t = 0; t < scores.rows; ++t) {
    double largest = -std::numeric_limits<double>::infinity(), sum = 0;
    for (std::int64_t s = 0; s < scores.columns; ++s) largest = std::max(largest, double{scores.at(t, s)});
    for (std::int64_t s = 0; s < scores.columns; ++s) {
      sum += powers[static_cast<std::size_t>(s)] = std::exp(double{scores.at(t, s)} - largest);
    }
    for (std::int64_t s = 0; s < scores.columns; ++s) {
      weights.at(t, s) = static_cast<float>(powers[static_cast<std::size_t>(s)] / sum);
    }
  }
  return weights;
}

ComposedAttention composed_attention(const MatrixView& query, const MatrixView& key, const MatrixView& value,
                                     bool causal) {
  if (query.columns != key.columns || key.rows != value.rows) {
    fail("attention: queries (", query.rows, ", ", query.columns, "), keys (", key.rows, ", ", key.columns,
         ") and values (", value.rows, ", ", value.columns, ") do not fit together");
  }
  if (key.rows < 1 || (causal && key.rows < query.rows)) {
    fail("attention: ", query.rows, " queries, but only ", key.rows, " keys: the first query sees none");
  }
  ComposedAttention steps;
  steps.products = product_with_transposed(query, key);
  steps.scores = scaled(steps.products, 1 / std::sqrt(static_cast<double>(query.columns)));
  steps.masked = causal ? causally_masked(steps.scores) : steps.scores;
  steps.weights = softmax_rows(steps.masked);
  steps.output = product(steps.weights.view(), value);
  return steps;
}

}  // namespace attn
