#pragma once
// Products whose operands are both contiguous in k (form NT) and so few rows of a that copying b would cost
// more than it saves: b is streamed once, straight from memory. This is what decoding with a cache spends its
// time in.

#include "simd/generic/vector.h"

namespace attn::simd {
namespace {

constexpr int64_t kDotRows = 4;  // most rows of a that share one pass over b

/// Fetches the lines of the next group of rows while this one is read; to be called for every vector at i of a row. The
/// hardware does not see so many short streams coming: rows of bytes come three times as fast from the third level.
template <int kColumns, class Element>
ATTN_INLINE void fetch_next_group(const Element* next, int64_t ldb, int64_t i) {
  constexpr int kLine = 64 / sizeof(Element), kRead = kColumns * kLanes;
  if constexpr (sizeof(Element) == 4 && kColumns == kLanes / kDotRows) {  // where b's rows are perhaps read in parts
    ATTN_UNROLL
    for (int c = 0; c < kColumns; ++c) __builtin_prefetch(next + c * ldb + i);
  } else {
    ATTN_UNROLL
    for (int line = 0; line < (kRead > kLine ? kRead / kLine : 1); ++line) {
      __builtin_prefetch(next + i * kColumns + line * kLine);
    }
  }
}

/// sums lane r·(kLanes/kRows) + c = a's row r · b's row c over k, for kLanes/kRows rows of b, which are floats or bytes;
/// `next` is where the rows after them begin, or null if they are not to be fetched.
template <int kRows, class Element>
ATTN_INLINE Vec dot_group(const float* const (&a)[kRows], const Element* const (&b)[kLanes / kRows],
                          const Element* next, int64_t ldb, int64_t k) {
  constexpr int kColumns = kLanes / kRows;
  Vec sums[kLanes] = {};
  for_each_vector(0, k, [&](int64_t i, auto lanes) {
    if (next) fetch_next_group<kColumns>(next, ldb, i);
    Vec x[kRows];
    ATTN_UNROLL
    for (int r = 0; r < kRows; ++r) x[r] = load(a[r] + i, lanes);
    ATTN_UNROLL
    for (int c = 0; c < kColumns; ++c) {
      const Vec y = load(b[c] + i, lanes);
      ATTN_UNROLL
      for (int r = 0; r < kRows; ++r) sums[r * kColumns + c] += x[r] * y;
    }
  });
  return sum_each(sums);
}

/// Calls store_sums(row, column, count, sums) for `count` columns at a time of rows < rows <= kRows and columns [begin, end)
/// of a·bᵀ. What b's next rows hold is fetched if `fetches`.
template <int kRows, class Element, class Store>
ATTN_INLINE void dot_rows(const float* a, int64_t lda, int64_t rows, const Element* b, int64_t ldb, int64_t k,
                          int64_t begin, int64_t end, bool fetches, Store store_sums) {
  constexpr int kColumns = kLanes / kRows;
  const float* a_rows[kRows];
  for (int r = 0; r < kRows; ++r) a_rows[r] = a + min(r, rows - 1) * lda;
  for (int64_t column = begin; column < end; column += kColumns) {
    const Element* b_rows[kColumns];
    ATTN_UNROLL
    for (int c = 0; c < kColumns; ++c) b_rows[c] = b + min(column + c, end - 1) * ldb;
    const int64_t columns = min(kColumns, end - column);
    float sums[kLanes];
    store(sums, dot_group<kRows>(a_rows, b_rows, fetches ? b + (column + columns) * ldb : nullptr, ldb, k));
    for (int64_t r = 0; r < rows; ++r) store_sums(r, column, columns, sums + r * kColumns);
  }
}

/// The same for any number of rows, kDotRows at a time: all of them for a few rows of b, which stay in the first-level
/// cache, before the next. Of bytes one at a time: a block of b stays in the caches, and for four rows their few columns at
/// once would be converted hardly less often than they can be read again.
template <class Element, class Store>
ATTN_INLINE void dot_products(const float* a, int64_t lda, int64_t rows, const Element* b, int64_t ldb, int64_t k,
                              int64_t begin, int64_t end, Store store_sums) {
  const auto from_row = [&](int64_t row) {
    return [&, row](int64_t r, int64_t column, int64_t columns, const float* sums) {
      store_sums(row + r, column, columns, sums);
    };
  };
  if constexpr (sizeof(Element) == 1) {
    for (int64_t row = 0; row < rows; ++row) {
      dot_rows<1>(a + row * lda, lda, 1, b, ldb, k, begin, end, true, from_row(row));
    }
  } else {
    constexpr int64_t kColumns = kLanes / kDotRows;
    const int64_t rest = rows % kDotRows == kDotRows - 1 ? 0 : rows % kDotRows, grouped = rows - rest;
    for (int64_t column = grouped > 0 ? begin : end; column < end; column += kColumns) {
      for (int64_t row = 0; row < grouped; row += kDotRows) {
        dot_rows<kDotRows>(a + row * lda, lda, min(kDotRows, rows - row), b, ldb, k, column,
                           min(end, column + kColumns), row == 0, from_row(row));
      }
    }
    const float* const first = a + grouped * lda;
    if (rest == 1) dot_rows<1>(first, lda, rest, b, ldb, k, begin, end, true, from_row(grouped));
    if (rest == 2) dot_rows<2>(first, lda, rest, b, ldb, k, begin, end, true, from_row(grouped));
  }
}

/// out (columns) = out·factor + Σ weights[j]·values[j], values being (rows, columns).
void add_weighted_rows(const float* weights, const float* values, int64_t ld, int64_t rows, int64_t columns,
                       float factor, float* out) {
  for_each_vector(0, columns, [=](int64_t i, auto lanes) {
    Vec totals[4] = {load(out + i, lanes) * factor};
    int64_t j = 0;
    for (; j + 4 <= rows; j += 4) {
      ATTN_UNROLL
      for (int u = 0; u < 4; ++u) totals[u] += weights[j + u] * load(values + (j + u) * ld + i, lanes);
    }
    for (; j < rows; ++j) totals[0] += weights[j] * load(values + j * ld + i, lanes);
    store(out + i, (totals[0] + totals[1]) + (totals[2] + totals[3]), lanes);
  });
}

}  // namespace
}  // namespace attn::simd
