#pragma once
// The program's own operations on the small matrices of a worked case.

#include "autograd/types.h"
#include "inspection/explain/case.h"

namespace attn {

Matrix transposed(const Matrix& matrix);
/// The sum, element by element.
Matrix sum_of(const Matrix& a, const Matrix& b);
/// `count` columns from column `first`.
MatrixView columns_of(const Matrix& matrix, std::int64_t first, std::int64_t count);
/// `count` rows from row `first`.
MatrixView rows_of(const Matrix& matrix, std::int64_t first, std::int64_t count);
/// A matrix of its own.
Matrix copy_of(const MatrixView& view);
/// The rows of a table that the ids name.
Matrix rows_at(const Matrix& table, const std::vector<std::int32_t>& ids);

/// activation(x·weightᵀ): x (N, in), weight (out, in) → (N, out).
Matrix project(const ExplainTools& tools, const Matrix& x, const Matrix& weight,
               Activation activation = Activation::none);
/// Layer norm of each row, gain 1 and bias 0.
Matrix normed(const ExplainTools& tools, const Matrix& x);
/// Sine and cosine of each position, interleaved as in the paper: column 2i is sin(t/10000^(2i/C)), 2i + 1 its cosine.
/// (T, C)
Matrix interleaved_positions(std::int64_t count, std::int64_t d_model);

/// Attention of all heads, every intermediate kept.
struct MultiHead {
  Matrix query, key, value;              // (T, H·D), (S, H·D), (S, H·D)
  std::vector<ComposedAttention> heads;  // (H)
  Matrix joined;                         // (T, H·D): the heads' outputs side by side
  Matrix output;                         // (T, C): joined·W_oᵀ, or joined itself without W_o
};

/// Queries of x (T, C), keys and values of `seen` (S, C).
MultiHead multi_head(const ExplainTools& tools, const Matrix& x, const Matrix& seen, const HeadWeights& weights,
                     bool causal);

}  // namespace attn
