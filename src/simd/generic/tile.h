#pragma once
// The innermost loop of every matrix product: a tile of c is kept in registers while k runs.

#include "simd/generic/vector.h"

namespace attn::simd {
namespace {

// Accumulators (rows × 2) plus two vectors of b and one broadcast of a must fit the registers.
#if ATTN_VECTOR_BYTES == 64
constexpr int kTileRows = 14;
#elif defined(__aarch64__)
constexpr int kTileRows = 12;
#else
constexpr int kTileRows = 6;
#endif
constexpr int kTileVectors = 2;
constexpr int64_t kPanel = kTileVectors * kLanes;  // columns of b that a tile covers

/// One tile: c (rows, columns) = a·b [+ bias] [+ c].
struct Tile {
  const float* a;  // element (row, k) at row·lda + k, or, transposed, at k·lda + row
  int64_t lda;
  const float* b;  // element (k, column) at k·ldb + column; whole vectors must be readable
  int64_t ldb;
  int64_t k;
  float* c;
  int64_t ldc;
  int64_t columns;    // at most kPanel
  const float* bias;  // (columns), or null
  bool add;           // adds to c instead of overwriting it
};

template <int kVectors, class Function>
ATTN_INLINE void for_each_tile_vector(int64_t columns, Function function) {
  ATTN_UNROLL
  for (int v = 0; v < kVectors - 1; ++v) function(v, All{});
  const int64_t last = columns - (kVectors - 1) * kLanes;
  if (last == kLanes) {
    function(kVectors - 1, All{});
  } else {
    function(kVectors - 1, First{last});
  }
}

template <int kRows, int kVectors>
ATTN_INLINE void start_tile(const Tile& t, Vec (&sums)[kRows][kVectors]) {
  for_each_tile_vector<kVectors>(t.columns, [&](int v, auto lanes) {
    const Vec first = t.bias ? load(t.bias + v * kLanes, lanes) : Vec{};
    ATTN_UNROLL
    for (int r = 0; r < kRows; ++r)
      sums[r][v] = t.add ? first + load(t.c + r * t.ldc + v * kLanes, lanes) : first;
  });
}

template <int kRows, int kVectors, bool kTransposed>
void multiply_tile(const Tile& t) {
  Vec sums[kRows][kVectors];
  start_tile(t, sums);
  const float* a = t.a;
  const float* b = t.b;
  const int64_t lda = t.lda, ldb = t.ldb;
  for (int64_t k = t.k; k > 0; --k) {
    Vec row_of_b[kVectors];
    ATTN_UNROLL
    for (int v = 0; v < kVectors; ++v) row_of_b[v] = load(b + v * kLanes);
    ATTN_UNROLL
    for (int r = 0; r < kRows; ++r) {
      const Vec x = in_register(broadcast(kTransposed ? a[r] : a[r * lda]));
      ATTN_UNROLL
      for (int v = 0; v < kVectors; ++v) sums[r][v] += x * row_of_b[v];
    }
    a += kTransposed ? lda : 1;
    b += ldb;
  }
  for_each_tile_vector<kVectors>(t.columns, [&](int v, auto lanes) {
    ATTN_UNROLL
    for (int r = 0; r < kRows; ++r) store(t.c + r * t.ldc + v * kLanes, sums[r][v], lanes);
  });
}

typedef void (*TileFunction)(const Tile&);

template <int kVectors, bool kTransposed, int... kRow>
ATTN_INLINE TileFunction choose_tile(int64_t rows, Indices<kRow...>) {
  static constexpr TileFunction kFunctions[] = {multiply_tile<kRow + 1, kVectors, kTransposed>...};
  return kFunctions[rows - 1];
}

#if ATTN_VECTOR_BYTES == 64
typedef Indices<0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13> TileRowIndices;
#elif defined(__aarch64__)
typedef Indices<0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11> TileRowIndices;
#else
typedef Indices<0, 1, 2, 3, 4, 5> TileRowIndices;
#endif

/// The tile function for 1 … kTileRows rows and 1 … kPanel columns.
template <bool kTransposed>
ATTN_INLINE TileFunction tile_function(int64_t rows, int64_t columns) {
  return columns > kLanes ? choose_tile<2, kTransposed>(rows, TileRowIndices{})
                          : choose_tile<1, kTransposed>(rows, TileRowIndices{});
}

/// Splits rows [begin, end) evenly into tiles of at most `most` rows and calls function(row, rows) for each.
template <class Function>
ATTN_INLINE void for_each_tile_row(int64_t begin, int64_t end, int64_t most, Function function) {
  int64_t tiles = ceil_div(end - begin, most);
  for (int64_t row = begin; row < end; --tiles) {
    const int64_t rows = ceil_div(end - row, tiles);
    function(row, rows);
    row += rows;
  }
}

}  // namespace
}  // namespace attn::simd
