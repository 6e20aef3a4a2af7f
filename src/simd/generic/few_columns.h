#pragma once
// The last columns of a product that are too few for a vector, as the 65th of 65: most lanes of a tile would compute
// nothing. A column is b's column times every row of a, which are dots, or, for a transposed a, a weighted sum of its rows.

#include "simd/generic/dots.h"
#include "simd/generic/matmul_plan.h"

namespace attn::simd {
namespace {

/// b's rows [k, k + depth) of a column, one after the other: in `copy`, unless they lie so in memory.
ATTN_INLINE const float* column_of_b(const Matmul& p, int64_t column, int64_t k, int64_t depth, float* copy) {
  if (p.form == Form::NT) return p.b + column * p.ldb + k;
  const float* b = p.b + k * p.ldb + column;
  for (int64_t i = 0; i < depth; ++i) copy[i] = b[i * p.ldb];
  return copy;
}

/// Rows [row, row_end) of a column of c, from b's rows [k, k + depth), of which there are at most kMostDepth.
void multiply_column(const Matmul& p, int64_t column, int64_t k, int64_t depth, int64_t row, int64_t row_end) {
  constexpr int64_t kRows = 64;  // at a time
  float copy[kMostDepth];
  const float* b = column_of_b(p, column, k, depth, copy);
  const float bias = p.bias && k == 0 ? p.bias[column] : 0.0f;
  const bool add = p.accumulate || k > 0;
  const auto store_sums = [&](int64_t first, int64_t rows, const float* sums) {
    float* c = p.c + first * p.ldc + column;
    for (int64_t r = 0; r < rows; ++r) c[r * p.ldc] = sums[r] + bias + (add ? c[r * p.ldc] : 0.0f);
  };
  if (p.form != Form::TN) {
    const float* a = p.a + k;
    return dot_products(b, depth, 1, a, p.lda, depth, row, row_end,
                        [&](int64_t, int64_t r, int64_t rows, const float* sums) { store_sums(r, rows, sums); });
  }
  for (; row < row_end; row += kRows) {
    const int64_t rows = min(kRows, row_end - row);
    float sums[kRows] = {};
    add_weighted_rows(b, p.a + k * p.lda + row, p.lda, depth, rows, 0, sums);
    store_sums(row, rows, sums);
  }
}

}  // namespace
}  // namespace attn::simd
