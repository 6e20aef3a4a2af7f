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

/// Memory that the next tile will want, fetched while this one computes: a line every few steps of k, so that these fetches
/// never hold up this tile's own.
struct Ahead {
  const float* next = nullptr;
  int64_t stride = 0;  // floats
  int64_t left = 0;
};

/// A row of tiles: c (rows, panels·columns) = a·b + bias, or c + a·b.
struct TileRow {
  const float* a;  // element (row, k) at row·lda + k, or, transposed, at k·lda + row
  int64_t lda;
  const float* b;  // element (k, column) of a panel at k·ldb + column; whole vectors must be readable
  int64_t ldb;
  int64_t panel_stride;  // floats from one panel of b to the next
  int64_t k;
  float* c;
  int64_t ldc;
  const float* bias = nullptr;       // (panels·columns), or null; not read if `add`
  bool add = false;                  // adds to c instead of overwriting it
  Ahead a_ahead = {}, c_ahead = {};  // what the next row of tiles will want
  int64_t panels = 1;
  int64_t columns = kPanel;  // of a panel: fewer than kPanel of the only one
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
  /// Element (row, step), step counted from where the last advance() led; transposed, there is step 0 only. `row_bytes`
  /// is the distance of rows.
  ATTN_INLINE float at(int row, int step, int64_t row_bytes) const {
    if (kTransposed) return pointers[0][row];
    const char* const first = reinterpret_cast<const char*>(pointers[row / 3] + step);
    return *reinterpret_cast<const float*>(first + row % 3 * row_bytes);
  }
  ATTN_INLINE void fetch_ahead() const {
    __builtin_prefetch(pointers[0] + kTransposedAhead * lda);
    __builtin_prefetch(pointers[0] + kTransposedAhead * lda + kRows - 1);
  }
  ATTN_INLINE void advance(int steps) {
    ATTN_UNROLL
    for (int i = 0; i < kPointers; ++i) {
      pointers[i] = opaque(pointers[i] + (kTransposed ? lda : steps));  // else one pointer and many offsets
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
  // Opaque, or the compiler keeps a register for its sum with every step's offset, and has none left.
  const int64_t row_bytes = opaque(a.lda * int64_t{sizeof(float)});
  ATTN_UNROLL
  for (int r = 0; r < kRows; ++r) {
    const Vec x = in_register(broadcast(a.at(r, kTransposed ? 0 : step, row_bytes)));
    ATTN_UNROLL
    for (int v = 0; v < kVectors; ++v) multiply_add(x, row_of_b[v], sums[r][v]);
  }
  if (kTransposed) a.advance(1);
}

/// Sums begin as what they are added to: loads, unlike additions at the end, cost the multipliers no time. Each sum is
/// loaded apart, since copies from one register would.
template <int kRows, int kVectors>
ATTN_INLINE void begin_tile(const float* start, int64_t stride, int64_t columns, Vec (&sums)[kRows][kVectors]) {
  for_each_tile_vector<kVectors>(columns, [&](int v, auto lanes) {
    const float* from = start + v * kLanes;
    ATTN_UNROLL
    for (int r = 0; r < kRows; ++r) {
      sums[r][v] = load(from, lanes);
      from = opaque(from + stride);
    }
  });
}

template <int kRows, int kVectors>
ATTN_INLINE void finish_tile(const Vec (&sums)[kRows][kVectors], int64_t columns, float* c, int64_t ldc) {
  for_each_tile_vector<kVectors>(columns, [&](int v, auto lanes) {
    float* to = c + v * kLanes;
    ATTN_UNROLL
    for (int r = 0; r < kRows; ++r) {
      store(to, sums[r][v], lanes);
      to = opaque(to + ldc);
    }
  });
}

/// Into the first-level cache where it has room for this tile's operands and the next one's, else into the second.
template <int kLines>
ATTN_INLINE void fetch(Ahead& ahead) {
  constexpr int kLineFloats = 16, kFirstLevel = 3, kSecondLevel = 2;
  constexpr int kLevel = kNarrowTiles ? kSecondLevel : kFirstLevel;
  if (ahead.left <= 0) return;
  ATTN_UNROLL
  for (int i = 0; i < kLines; ++i) __builtin_prefetch(ahead.next + i * kLineFloats, 0, kLevel);
  ahead.next += ahead.stride;
  --ahead.left;
}

/// sums += a·b for one panel of b.
template <int kRows, int kVectors, bool kTransposed>
ATTN_INLINE void multiply_tile(const TileRow& t, const float* b, Ahead& a_ahead, Ahead c_ahead,
                               Vec (&sums)[kRows][kVectors]) {
  constexpr int kUnrolled = kNarrowTiles ? 8 : 4;
  constexpr int kLinesOfC = kVectors * ATTN_VECTOR_BYTES > 64 ? 2 : 1;
  RowReader<kRows, kTransposed> a(t.a, t.lda);
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
}

alignas(64) constexpr float kZeros[kPanel] = {};

/// All tiles of a row that has kRows rows, each in registers from the first step of k to the last.
template <int kRows, int kVectors, bool kTransposed>
void multiply_tiles(const TileRow& t) {
  const float* start = t.add ? t.c : t.bias ? t.bias : kZeros;
  const int64_t start_stride = t.add ? t.ldc : 0, next_start = start == kZeros ? 0 : kPanel;
  const int64_t columns = t.columns, ldc = t.ldc;  // in registers: storing c might change what t refers to
  const float* b = t.b;
  float* c = t.c;
  Ahead a_ahead = t.a_ahead;
  for (int64_t left = t.panels; left > 0; --left) {
    Vec sums[kRows][kVectors];
    begin_tile(start, start_stride, columns, sums);
    multiply_tile<kRows, kVectors, kTransposed>(t, b, a_ahead, left > 1 ? Ahead{c + kPanel, ldc, kRows} : t.c_ahead,
                                                sums);
    finish_tile(sums, columns, c, ldc);
    start += next_start;
    b += t.panel_stride;
    c += kPanel;
  }
}

typedef void (*TileFunction)(const TileRow&);

template <int kVectors, bool kTransposed, int... kRow>
ATTN_INLINE TileFunction choose_tile(int64_t rows, Indices<kRow...>) {
  static constexpr TileFunction kFunctions[] = {multiply_tiles<kRow + 1, kVectors, kTransposed>...};
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

/// Row `t` with `columns` columns, in as many panels as these fill. What is left over reads b at `last`, whose rows are
/// last_ldb apart.
template <bool kTransposed>
ATTN_INLINE void multiply_row(TileRow& t, int64_t rows, int64_t columns, const float* last, int64_t last_ldb) {
  t.panels = columns / kPanel;
  if (t.panels > 0) tile_function<kTransposed>(rows, kPanel)(t);
  const int64_t done = t.panels * kPanel;
  if (done == columns) return;
  t.b = last;
  t.ldb = last_ldb;
  t.c += done;
  if (t.bias) t.bias += done;
  t.panels = 1;
  t.columns = columns - done;
  tile_function<kTransposed>(rows, t.columns)(t);
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
