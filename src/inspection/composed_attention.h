#pragma once
// Attention of one head as a chain of plain steps whose every intermediate is kept: what `explain` prints, and the
// reference for the fused operation. Not for training or generation: it holds (T, S) matrices.

#include <cstdint>
#include <vector>

namespace attn {

/// A matrix that somebody else holds: row i starts at data + i·stride.
struct MatrixView {
  const float* data = nullptr;  // (rows, columns)
  std::int64_t rows = 0;
  std::int64_t columns = 0;
  std::int64_t stride = 0;
};

/// A matrix of its own, rows one after the other.
struct Matrix {
  std::int64_t rows = 0;
  std::int64_t columns = 0;
  std::vector<float> values;  // (rows, columns)

  Matrix() = default;
  Matrix(std::int64_t row_count, std::int64_t column_count)
      : rows(row_count), columns(column_count), values(static_cast<std::size_t>(row_count * column_count)) {}

  float& at(std::int64_t row, std::int64_t column) { return values[static_cast<std::size_t>(row * columns + column)]; }
  float at(std::int64_t row, std::int64_t column) const {
    return values[static_cast<std::size_t>(row * columns + column)];
  }
  MatrixView view() const { return {values.data(), rows, columns, columns}; }
};

/// softmax(mask(q·kᵀ/√D))·v (Vaswani et al. 2017, equation 1), one matrix a step.
struct ComposedAttention {
  Matrix products;  // (T, S): q·kᵀ
  Matrix scores;    // (T, S): products/√D
  Matrix masked;    // (T, S): scores, -infinity where the query may not look
  Matrix weights;   // (T, S): the rows' softmax; each sums to 1
  Matrix output;    // (T, D): weights·v
};

/// Each row's softmax: (T, S) → (T, S), rows that sum to 1; -infinity becomes 0.
Matrix softmax_rows(const Matrix& scores);

/// query (T, D), key (S, D), value (S, D) of one head and sequence. Causal: query t sees keys 0 … S - T + t.
/// Sums are taken in double. Throws Error if the shapes do not fit or a causal query would see no key.
ComposedAttention composed_attention(const MatrixView& query, const MatrixView& key, const MatrixView& value,
                                     bool causal);

}  // namespace attn
