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
constexpr bool kNarrowTiles = kTileRows * 4 < 64 / 2;  // their columns of a transposed a: less than half a cache line
constexpr int64_t kPanel = kTileVectors * kLanes;      // columns of b that a tile covers
constexpr int64_t kCopiedRows = (kTileRows + kLanes - 1) / kLanes * kLanes;  // distance of a's copied columns

/// Memory that the next tile will want, fetched into the second-level cache while this one computes: a line every few
/// steps of k, so that these fetches never hold up this tile's own.
struct Ahead {
  const float* next = nullptr;
  int64_t stride = 0;  // floats
  int64_t left = 0;
};

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
  Ahead a_ahead = {}, c_ahead = {};
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

constexpr int64_t kTransposedAhead = 16;  // transposed rows of a lie apart, where the hardware does not fetch ahead

/// Where a tile's rows of a are read: a pointer for every three rows, since addresses may be a pointer plus one or two
/// times a register; a pointer for each row would not fit the registers. Transposed, all rows of a k lie together.
template <int kRows, bool kTransposed>
struct RowReader {
  static constexpr int kPointers = kTransposed ? 1 : (kRows + 2) / 3;
  const float* pointers[kPointers];
  int64_t lda;

  ATTN_INLINE RowReader(const float* a, int64_t stride) : lda(stride) {
    ATTN_UNROLL
    for (int i = 0; i < kPointers; ++i) pointers[i] = a + 3 * i * stride;
  }
  /// Element (row, step), step counted from where the last advance() led; transposed, there is step 0 only.
  ATTN_INLINE float at(int row, int step) const {
    return kTransposed ? pointers[0][row] : pointers[row / 3][row % 3 * lda + step];
  }
  ATTN_INLINE void fetch_ahead() const {
    __builtin_prefetch(pointers[0] + kTransposedAhead * lda);
    __builtin_prefetch(pointers[0] + kTransposedAhead * lda + kRows - 1);
  }
  ATTN_INLINE void advance(int steps) {
    ATTN_UNROLL
    for (int i = 0; i < kPointers; ++i) {
      pointers[i] += kTransposed ? lda : steps;
      __asm__("" : "+r"(pointers[i]));  // or the compiler makes it one pointer and many offsets
    }
  }
};

template <int kRows, int kVectors, bool kTransposed>
ATTN_INLINE void multiply_step(RowReader<kRows, kTransposed>& a, int step, const float* b,
                               Vec (&sums)[kRows][kVectors]) {
  Vec row_of_b[kVectors];
  ATTN_UNROLL
  for (int v = 0; v < kVectors; ++v) row_of_b[v] = load(b + v * kLanes);
  if constexpr (kTransposed && !kNarrowTiles) a.fetch_ahead();
  ATTN_UNROLL
  for (int r = 0; r < kRows; ++r) {
    const Vec x = in_register(broadcast(a.at(r, kTransposed ? 0 : step)));
    ATTN_UNROLL
    for (int v = 0; v < kVectors; ++v) multiply_add(x, row_of_b[v], sums[r][v]);
  }
  if (kTransposed) a.advance(1);
}

template <int kRows, int kVectors>
ATTN_INLINE void finish_tile(const Tile& t, const Vec (&sums)[kRows][kVectors]) {
  for_each_tile_vector<kVectors>(t.columns, [&](int v, auto lanes) {
    float* c = t.c + v * kLanes;
    const Vec bias = t.bias ? load(t.bias + v * kLanes, lanes) : Vec{};
    if (t.add) {
      ATTN_UNROLL
      for (int r = 0; r < kRows; ++r) store(c + r * t.ldc, load(c + r * t.ldc, lanes) + (sums[r][v] + bias), lanes);
    } else {
      ATTN_UNROLL
      for (int r = 0; r < kRows; ++r) store(c + r * t.ldc, sums[r][v] + bias, lanes);
    }
  });
}

template <int kLines>
ATTN_INLINE void fetch(Ahead& ahead) {
  constexpr int kLineFloats = 16, kSecondLevel = 2;
  if (ahead.left <= 0) return;
  ATTN_UNROLL
  for (int i = 0; i < kLines; ++i) __builtin_prefetch(ahead.next + i * kLineFloats, 0, kSecondLevel);
  ahead.next += ahead.stride;
  --ahead.left;
}

template <int kRows, int kVectors, bool kTransposed>
void multiply_tile(const Tile& t) {
  constexpr int kUnrolled = kNarrowTiles ? 8 : 4;
  constexpr int kLinesOfC = kVectors * ATTN_VECTOR_BYTES > 64 ? 2 : 1;
  Vec sums[kRows][kVectors] = {};
  RowReader<kRows, kTransposed> a(t.a, t.lda);
  Ahead a_ahead = t.a_ahead, c_ahead = t.c_ahead;
  const float* b = t.b;
  const int64_t ldb = t.ldb;
  int64_t k = t.k;
  for (; k >= kUnrolled; k -= kUnrolled) {
    ATTN_UNROLL
    for (int u = 0; u < kUnrolled; ++u) {
      multiply_step(a, u, b, sums);
      b += ldb;
    }
    if (!kTransposed) a.advance(kUnrolled);
    fetch<kLinesOfC>(c_ahead);
    fetch<1>(a_ahead);
  }
  ATTN_KEEP_LOOP
  for (; k > 0; --k) {
    multiply_step(a, 0, b, sums);
    if (!kTransposed) a.advance(1);
    b += ldb;
  }
  finish_tile(t, sums);
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

/// Rows [begin, end) split evenly into tiles of at most `most` rows.
struct TileRows {
  int64_t begin, end, rows, longer;  // the first `longer` tiles have one row more than `rows`

  ATTN_INLINE TileRows(int64_t first, int64_t last, int64_t most) : begin(first), end(last) {
    const int64_t tiles = max(1, ceil_div(end - begin, most));
    rows = (end - begin) / tiles;
    longer = (end - begin) - rows * tiles;
  }
  ATTN_INLINE int64_t first_row(int64_t tile) const { return begin + tile * rows + min(tile, longer); }
  /// Calls function(row, rows) for each tile.
  template <class Function>
  ATTN_INLINE void for_each(Function function) const {
    int64_t more = longer;
    for (int64_t row = begin; row < end; --more) {
      const int64_t count = rows + (more > 0 ? 1 : 0);
      function(row, count);
      row += count;
    }
  }
};

}  // namespace
}  // namespace attn::simd
