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

// Vectors, some of them parts of the same sum: so many that none waits for its last addition.
constexpr int kSumsTogether = 8;
constexpr int64_t kRowsTogether = kSumsTogether * kLanes;

/// sums (vectors) = Σ b[i·ldb]·a[i·lda …] over i < depth; of the last vector there are so many lanes.
template <int kVectors = kSumsTogether, class Lanes>
ATTN_INLINE void sum_weighted_rows(const float* a, int64_t lda, const float* b, int64_t ldb, int64_t depth,
                                   int64_t vectors, Lanes last, float* sums) {
  if constexpr (kVectors > 1) {
    if (vectors < kVectors) return sum_weighted_rows<kVectors - 1>(a, lda, b, ldb, depth, vectors, last, sums);
  }
  constexpr int kChains = kSumsTogether / kVectors;
  Vec totals[kChains][kVectors] = {};
  const auto add_row = [&](int64_t i, Vec(&sum)[kVectors]) {
    const Vec weight = broadcast(b[i * ldb]);
    const float* const row = a + i * lda;
    ATTN_UNROLL
    for (int v = 0; v < kVectors - 1; ++v) sum[v] += weight * load(row + v * kLanes);
    sum[kVectors - 1] += weight * load(row + (kVectors - 1) * kLanes, last);
  };
  int64_t i = 0;
  for (; i + kChains <= depth; i += kChains) {
    ATTN_UNROLL
    for (int c = 0; c < kChains; ++c) add_row(i + c, totals[c]);
  }
  for (; i < depth; ++i) add_row(i, totals[0]);
  ATTN_UNROLL
  for (int v = 0; v < kVectors; ++v) {
    Vec total = totals[0][v];
    ATTN_UNROLL
    for (int c = 1; c < kChains; ++c) total += totals[c][v];
    store(sums + v * kLanes, total);
  }
}

/// Rows [row, row_end) of a column of c, from b's rows [k, k + depth), of which there are at most kMostDepth. How many vectors
/// a sum is cut into depends on where kRowsTogether rows begin and end.
void multiply_column(const Matmul& p, int64_t column, int64_t k, int64_t depth, int64_t row, int64_t row_end) {
  const float bias = p.bias && k == 0 ? p.bias[column] : 0.0f;
  const bool add = p.accumulate || k > 0;
  const auto store_sums = [&](int64_t first, int64_t rows, const float* sums) {
    float* c = p.c + first * p.ldc + column;
    for (int64_t r = 0; r < rows; ++r) c[r * p.ldc] = sums[r] + bias + (add ? c[r * p.ldc] : 0.0f);
  };
  if (p.form != Form::TN) {
    float copy[kMostDepth];
    const float *const a = p.a + k, *const b = column_of_b(p, column, k, depth, copy);
    return dot_products(b, depth, 1, a, p.lda, depth, row, row_end,
                        [&](const DotSums& d) { store_sums(d.column, d.columns, d.sums); });
  }
  for (; row < row_end; row += kRowsTogether) {
    const int64_t rows = min(kRowsTogether, row_end - row), vectors = ceil_div(rows, kLanes), rest = rows % kLanes;
    const float *const a = p.a + k * p.lda + row, *const b = p.b + k * p.ldb + column;
    float sums[kRowsTogether];
    if (rest == 0) {
      sum_weighted_rows(a, p.lda, b, p.ldb, depth, vectors, All{}, sums);
    } else {
      sum_weighted_rows(a, p.lda, b, p.ldb, depth, vectors, First{rest}, sums);
    }
    store_sums(row, rows, sums);
  }
}

}  // namespace
}  // namespace attn::simd
