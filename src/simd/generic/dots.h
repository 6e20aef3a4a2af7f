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

/// Where the rows of a matrix begin, of which there are `rows`; the last one for those that are missing.
template <int kRows, class Element>
struct RowPointers {
  const Element* rows[kRows];

  ATTN_INLINE RowPointers(const Element* first, int64_t ld, int64_t count) {
    ATTN_UNROLL
    for (int r = 0; r < kRows; ++r) {
      rows[r] = first;
      if (r + 1 < count) first += ld;
    }
  }
};

/// Element r·(kLanes/kRows) + c = a's row r · b's row c over k, for `rows` rows of a, at most kRows, and `columns` rows of b,
/// floats or bytes, at most kLanes/kRows. What b's next rows hold is fetched if `fetches`. A call costs less than the
/// registers that a caller's other variables would take.
template <int kRows, class Element>
ATTN_ONE_COPY Vec dot_group(const float* a, int64_t lda, int64_t rows, const Element* b, int64_t ldb, int64_t columns,
                            int64_t k, bool fetches) {
  constexpr int kColumns = kLanes / kRows;
  const RowPointers<kRows, float> of_a(a, lda, rows);
  const RowPointers<kColumns, Element> of_b(b, ldb, columns);
  const Element* const next = fetches ? b + columns * ldb : nullptr;
  Vec sums[kLanes] = {};
  for_each_vector(0, k, [&](int64_t i, auto lanes) {
    if (next) fetch_next_group<kColumns>(next, ldb, i);
    Vec x[kRows];
    ATTN_UNROLL
    for (int r = 0; r < kRows; ++r) x[r] = load(of_a.rows[r] + i, lanes);
    ATTN_UNROLL
    for (int c = 0; c < kColumns; ++c) {
      const Vec y = load(of_b.rows[c] + i, lanes);
      ATTN_UNROLL
      for (int r = 0; r < kRows; ++r) sums[r * kColumns + c] += x[r] * y;
    }
  });
  return sum_each(sums);
}

/// A part of a·bᵀ: element (row + r, column + c) is sums[r·ld + c].
struct DotSums {
  int64_t row, rows, column, columns;
  const float* sums;
  int64_t ld;
};

/// Calls store_sums(DotSums) for the columns [begin, end) of rows [row, row + rows), at most kRows.
template <int kRows, class Element, class Store>
ATTN_INLINE void dot_rows(const float* a, int64_t lda, int64_t row, int64_t rows, const Element* b, int64_t ldb,
                          int64_t k, int64_t begin, int64_t end, bool fetches, Store store_sums) {
  constexpr int64_t kColumns = kLanes / kRows;
  for (int64_t column = begin; column < end; column += kColumns) {
    const int64_t columns = min(kColumns, end - column);
    float sums[kLanes];
    store(sums, dot_group<kRows>(a + row * lda, lda, rows, b + column * ldb, ldb, columns, k, fetches));
    store_sums(DotSums{row, rows, column, columns, sums, kColumns});
  }
}

/// The same for any number of rows, kDotRows at a time: all of them for a few rows of b, which stay in the first-level
/// cache, before the next. These are fetched during the last pass, so that they do not take the others' place. Of bytes one
/// row at a time: a block of b stays in the caches, and for four rows their few columns at once would be converted hardly
/// less often than they can be read again.
template <class Element, class Store>
ATTN_INLINE void dot_products(const float* a, int64_t lda, int64_t rows, const Element* b, int64_t ldb, int64_t k,
                              int64_t begin, int64_t end, Store store_sums) {
  if constexpr (sizeof(Element) == 1) {
    for (int64_t row = 0; row < rows; ++row) dot_rows<1>(a, lda, row, 1, b, ldb, k, begin, end, true, store_sums);
  } else {
    constexpr int64_t kColumns = kLanes / kDotRows;
    const int64_t rest = rows % kDotRows == kDotRows - 1 ? 0 : rows % kDotRows, grouped = rows - rest;
    for (int64_t column = grouped > 0 ? begin : end; column < end; column += kColumns) {
      const int64_t column_end = min(end, column + kColumns);
      for (int64_t row = 0; row < grouped; row += kDotRows) {
        const int64_t count = min(kDotRows, grouped - row);
        dot_rows<kDotRows>(a, lda, row, count, b, ldb, k, column, column_end, row + count == grouped, store_sums);
      }
    }
    if (rest == 1) dot_rows<1>(a, lda, grouped, rest, b, ldb, k, begin, end, true, store_sums);
    if (rest == 2) dot_rows<2>(a, lda, grouped, rest, b, ldb, k, begin, end, true, store_sums);
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
