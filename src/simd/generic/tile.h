#pragma once
// The innermost loop of every matrix product: a tile of c is kept in registers while k runs.

#include "simd/generic/vector.h"
#include "simd/pair_tile.h"

namespace attn::simd {
namespace {

// Accumulators (rows × vectors) plus the vectors of b and one broadcast of a must fit the registers. A tile of one vector
// may have more rows: sums enough for the multipliers, each of which takes a few cycles.
#if ATTN_VECTOR_BYTES == 64
constexpr int kTileRows = 14, kVectorTileRows = 16;
#elif defined(__aarch64__)
constexpr int kTileRows = 12, kVectorTileRows = 12;
#else
constexpr int kTileRows = 6, kVectorTileRows = 12;
#endif
constexpr int kTileVectors = 2;
constexpr bool kNarrowTiles = kTileRows * 4 < 64 / 2;  // their columns of a transposed a: less than half a cache line
constexpr bool kMasksLoads = ATTN_VECTOR_BYTES == 64;  // less than a vector of b may be read where it lies
constexpr int64_t kPanel = kTileVectors * kLanes;      // columns of b that a tile covers
constexpr int64_t kCopiedWidth = (kTileRows + kLanes - 1) / kLanes * kLanes;  // of a's copied columns: whole vectors
// The distance of one copied row from the next. Of narrow tiles it is written over the end of the one before, so that less
// of the first-level cache is copies.
constexpr int64_t kCopiedRows = kNarrowTiles ? kTileRows : kCopiedWidth;

/// A matrix, or columns of one, row by row.
struct Operand {
  const float* data;
  int64_t ld;  // floats from one row to the next
};

/// Columns of a transposed a on their way into copies, for tiles of `rows` rows: a row of memory after the other from end to
/// end, a piece as wide as a tile at a time.
struct ColumnCopy {
  const float* from;  // the next piece
  int64_t ld, rows;
  float* to;
  int64_t tile_stride;  // floats from one tile's copy to the next
  int64_t tiles;        // pieces of a row
  int64_t left = 0;     // rows
  int64_t tile = 0;     // whose piece is the next

  ATTN_INLINE void copy_piece() {
    __builtin_prefetch(from + kRowsAhead * ld);
    copy_padded(from, rows, to);
    from += rows;
    to += tile_stride;
    if (++tile < tiles) return;
    tile = 0;
    from += ld - tiles * rows;
    to += kCopiedRows - tiles * tile_stride;
    --left;
  }
  /// All pieces of a row, in whole vectors, which read beyond the last one's end.
  ATTN_INLINE void copy_row() {
    const float* piece = from;
    float* out = to;
    for (int64_t i = 0; i < tiles; ++i, piece += rows, out += tile_stride) {
      __builtin_prefetch(piece + kRowsAhead * ld);
      ATTN_UNROLL
      for (int64_t r = 0; r < kCopiedWidth; r += kLanes) store(out + r, load(piece + r));
    }
    from += ld;
    to += kCopiedRows;
    --left;
  }
  void finish() {
    ColumnCopy c = *this;  // in registers, which no copy can change
    while (c.tile > 0) c.copy_piece();
    while ((c.left - 1) * c.ld >= kCopiedWidth) c.copy_row();  // beyond its end there are more rows
    while (c.left > 0) c.copy_piece();
    *this = c;
  }
};

/// Rows of tiles of the same height, one below the other: c (tile_rows·rows, panels·columns) = a·b + bias, or c + a·b.
struct TileStrip {
  const float* a;  // element (row, k) of a row of tiles at row·lda + k, or, transposed, at k·lda + row
  int64_t lda;
  const float* b;        // element (k, column) of a panel at k·ldb + column; whole vectors must be readable,
  int64_t ldb;           // but not of a panel of less than a vector if kMasksLoads
  int64_t panel_stride;  // floats from one panel of b to the next
  int64_t k;
  float* c;
  int64_t ldc;
  const float* bias = nullptr;  // (panels·columns), or null; not read if `add`
  bool add = false;             // adds to c instead of overwriting it
  int64_t tile_rows = 1;
  int64_t a_stride = 0;           // floats of a from one row of tiles to the next
  Ahead a_ahead = {};             // what is fetched of a during the first row of tiles,
  int64_t a_ahead_stride = 0;     // and how much further on it lies for every other one;
  int64_t rows_ahead = 0;         // if not 0, there is one row of tiles: the stride is from panel to panel, for so many
  bool is_followed = false;       // by one more row of tiles
  ColumnCopy* copying = nullptr;  // goes on while a copy of columns is read; not null then
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
/// times a register; a pointer for each row would not fit the registers. Transposed, all rows of a k lie together; copied, so
/// near to those of the next that a step is a number in the address.
template <int kRows, bool kTransposed, bool kCopied>
struct RowReader {
  static constexpr int kPointers = kTransposed ? 1 : (kRows + 2) / 3;
  const float* pointers[kPointers];
  int64_t lda;

  ATTN_INLINE RowReader(const float* a, int64_t stride) : lda(stride) {
    ATTN_UNROLL
    for (int i = 0; i < kPointers; ++i) pointers[i] = a + 3 * i * stride;
  }
  /// Whether a turn of several steps begins where the last one's advance() led, not every step.
  static constexpr bool kTakesSteps = !kTransposed || kCopied;
  /// Element (row, step), step counted from where the last advance() led. `row_bytes` is the distance of rows.
  ATTN_INLINE const float& at(int row, int step, int64_t row_bytes) const {
    if (kTransposed) return pointers[0][kTakesSteps ? step * kCopiedRows + row : row];
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
      pointers[i] = opaque(pointers[i] + (kCopied       ? steps * kCopiedRows
                                          : kTransposed ? lda
                                                        : steps));  // else one pointer and many offsets
    }
  }
};

/// An instruction less is time saved where two threads share a core: a number that one multiplication wants is loaded by it,
/// and so are every third row's for two. (All rows' would be more loads than a core has time for, and an address that is a sum,
/// as of the rows between, makes two instructions of one.)
template <bool kFetchesA, int kRows, int kVectors, bool kTransposed, bool kCopied, class Lanes>
ATTN_INLINE void multiply_step(RowReader<kRows, kTransposed, kCopied>& a, int step, const float* b, Lanes last,
                               Vec (&sums)[kRows][kVectors]) {
  Vec row_of_b[kVectors];
  ATTN_UNROLL
  for (int v = 0; v < kVectors - 1; ++v) row_of_b[v] = load(b + v * kLanes);
  row_of_b[kVectors - 1] = load(b + (kVectors - 1) * kLanes, last);
  if constexpr (kFetchesA) a.fetch_ahead();
  // Opaque, or the compiler keeps a register for its sum with every step's offset, and has none left.
  const int64_t row_bytes = opaque(a.lda * int64_t{sizeof(float)});
  ATTN_UNROLL
  for (int r = 0; r < kRows; ++r) {
    const float& number = a.at(r, step, row_bytes);
    if (kFoldsBroadcasts && (kVectors == 1 || r % 3 == 0)) {
      ATTN_UNROLL
      for (int v = 0; v < kVectors; ++v) multiply_add(number, row_of_b[v], sums[r][v]);
      continue;
    }
    const Vec x = in_register(broadcast(number));
    ATTN_UNROLL
    for (int v = 0; v < kVectors; ++v) multiply_add(x, row_of_b[v], sums[r][v]);
  }
  if (!a.kTakesSteps) a.advance(1);
}

alignas(64) constexpr float kZeros[kPanel] = {};

/// Sums begin as what they are added to: loads, unlike additions at the end, cost the multipliers no time. Each sum is
/// loaded apart, since copies from one register would. A tile one vector wide waits for loads instead: 0 is copied there.
template <int kRows, int kVectors>
ATTN_INLINE void begin_tile(const float* start, int64_t stride, int64_t columns, Vec (&sums)[kRows][kVectors]) {
  if (kVectors == 1 && start == kZeros) {
    ATTN_UNROLL
    for (int r = 0; r < kRows; ++r) sums[r][0] = Vec{};
    return;
  }
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

constexpr int kLineFloats = 16;

/// What the next tile will want is fetched while this one computes, so that it never holds up this tile's own.
template <int kLines>
ATTN_INLINE void fetch(Ahead& ahead) {
  if (ahead.left <= 0) return;
  ATTN_UNROLL
  for (int i = 0; i < kLines; ++i) __builtin_prefetch(ahead.next + i * kLineFloats);
  ahead.next += ahead.stride;
  --ahead.left;
}

/// Steps of k in a turn of a tile's loop. A tile of one vector is of a small product or the last of a row: it begins sooner
/// one step at a time, and fetching ahead for it would not pay.
template <int kVectors>
constexpr int kSteps = kVectors == 1  ? 1
                       : kNarrowTiles ? 8
                                      : 4;

template <int kVectors>
constexpr bool kFetches = (kSteps<kVectors>) > 1;

/// Whether tiles fetch lines of c before they compute instead of meanwhile. Narrow tiles take so many turns that instructions
/// in them count (products are 1.02-1.05 times as fast, and up to 1.1 times where another thread shares the core).
constexpr bool kFetchesBefore = kNarrowTiles;

/// sums += a·b for one panel of b, of whose last vector there are so many lanes. If kFetchesAhead, what the next tile wants is
/// fetched in every turn; if kFetchesA, what this one wants in every step.
template <bool kFetchesAhead, bool kFetchesA, bool kCopied, int kRows, int kVectors, bool kTransposed, class Lanes>
ATTN_INLINE void multiply_steps(const TileStrip& t, const float* first_of_a, const float* b, Lanes last, Ahead& a_ahead,
                                Ahead c_ahead, Vec (&sums)[kRows][kVectors]) {
  constexpr int kUnrolled = kSteps<kVectors>;
  constexpr int kLinesOfC = kVectors * ATTN_VECTOR_BYTES > 64 ? 2 : 1;
  RowReader<kRows, kTransposed, kCopied> a(first_of_a, t.lda);
  const int64_t ldb = t.ldb;
  int64_t k = t.k;
  for (; k >= kUnrolled; k -= kUnrolled) {
    ATTN_UNROLL
    for (int u = 0; u < kUnrolled; ++u) {
      multiply_step<kFetchesA>(a, u, b, last, sums);
      b += ldb;
    }
    if (a.kTakesSteps) a.advance(kUnrolled);
    if constexpr (kFetchesAhead) {
      if (!kFetchesBefore) fetch<kLinesOfC>(c_ahead);
      fetch<1>(a_ahead);
      if (kCopied && t.copying->left > 0) t.copying->copy_piece();
    }
  }
  ATTN_KEEP_LOOP
  for (; k > 0; --k) {
    multiply_step<kFetchesA>(a, 0, b, last, sums);
    if (a.kTakesSteps) a.advance(1);
    b += ldb;
  }
}

/// The same. A transposed a of a small product is near: with one vector of b, a fetch a step would be one load too many.
template <bool kFetchesAhead, bool kCopied, int kRows, int kVectors, bool kTransposed, class Lanes>
ATTN_INLINE void multiply_tile(const TileStrip& t, const float* first_of_a, const float* b, Lanes last, Ahead& a_ahead,
                               Ahead c_ahead, Vec (&sums)[kRows][kVectors]) {
  constexpr bool kFar = kTransposed && !kCopied && !kNarrowTiles;
  constexpr int64_t kMostNear = 1024;
  if constexpr (kFetches<kVectors> && kFetchesBefore) {
    for (int r = 0; r < kRows; ++r) fetch<1>(c_ahead);
  }
  if (kFar && kVectors == 1 && t.lda * t.k <= kMostNear) {
    multiply_steps<kFetchesAhead, false, kCopied, kRows, kVectors, kTransposed>(t, first_of_a, b, last, a_ahead,
                                                                                c_ahead, sums);
  } else {
    multiply_steps<kFetchesAhead, kFar, kCopied, kRows, kVectors, kTransposed>(t, first_of_a, b, last, a_ahead, c_ahead,
                                                                               sums);
  }
}

/// All tiles of a strip, kRows rows high, each in registers from the first step of k to the last: every panel for one row
/// of tiles before the next. Of the last vector of b not all need be readable if kMasked, which costs a multiplication's time.
template <int kRows, int kVectors, bool kTransposed, bool kMasked, bool kCopied, bool kFetchesAhead>
void multiply_tiles(const TileStrip& t) {
  const float* row_start = t.add ? t.c : t.bias ? t.bias : kZeros;
  const int64_t start_stride = t.add ? t.ldc : 0, next_start = row_start == kZeros ? 0 : kPanel;
  const int64_t columns = t.columns, ldc = t.ldc;  // in registers: storing c might change what t refers to
  const float* a = t.a;
  float* row_of_c = t.c;
  Ahead next_a = t.a_ahead;
  for (int64_t row = t.tile_rows; row > 0; --row) {
    const bool ends = row == 1 && !t.is_followed;
    Ahead a_ahead = ends ? Ahead{} : next_a;
    const Ahead below = {row_of_c + kRows * ldc, ldc, ends ? 0 : kRows};
    const float* start = row_start;
    const float* b = t.b;
    float* c = row_of_c;
    int64_t rows_ahead = ends ? 0 : t.rows_ahead;
    for (int64_t left = t.panels; left > 0; --left) {
      const Ahead c_ahead = left > 1 ? Ahead{c + kPanel, ldc, kRows} : below;
      Vec sums[kRows][kVectors];
      begin_tile(start, start_stride, columns, sums);
      if constexpr (kMasked) {
        const First last = {columns - (kVectors - 1) * kLanes};
        multiply_tile<kFetchesAhead, kCopied, kRows, kVectors, kTransposed>(t, a, b, last, a_ahead, c_ahead, sums);
      } else {
        multiply_tile<kFetchesAhead, kCopied, kRows, kVectors, kTransposed>(t, a, b, All{}, a_ahead, c_ahead, sums);
      }
      finish_tile(sums, columns, c, ldc);
      start += next_start;
      b += t.panel_stride;
      c += kPanel;
      if constexpr (kFetches<kVectors>) {
        if (--rows_ahead > 0) {
          const int64_t row_ahead = t.rows_ahead - rows_ahead;
          a_ahead = {t.a_ahead.next + row_ahead * t.a_ahead_stride, t.a_ahead.stride, t.a_ahead.left};
        }
      }
    }
    a += t.a_stride;
    if (next_a.left > 0) next_a.next += t.a_ahead_stride;
    row_of_c += kRows * ldc;
    row_start += kRows * start_stride;
  }
}

typedef void (*TileFunction)(const TileStrip&);

/// For copies there are functions of their own for the tiles of many rows only. Others read them as they would a, and leave
/// what they might copy meanwhile to finish().
template <int kRows, bool kCopied>
constexpr bool kReadsCopy = (kRows >= kTileRows - 2) && kCopied;

template <int kVectors, bool kTransposed, bool kMasked, bool kCopied, bool kFetchesAhead, int... kRow>
ATTN_INLINE TileFunction choose_tile(int64_t rows, Indices<kRow...>) {
  static constexpr TileFunction kFunctions[] = {
      multiply_tiles<kRow + 1, kVectors, kTransposed, kMasked, kReadsCopy<kRow + 1, kCopied>, kFetchesAhead>...};
  return kFunctions[rows - 1];
}

/// The tile function for 1 … kPanel columns and 1 … kTileRows rows, or 1 … kVectorTileRows for no more than a vector. If
/// kCopied, t.a is a copy of columns: nothing of it need be fetched ahead, and t.copying goes on. Rows of a to be fetched in
/// every turn have functions of their own where those without are faster.
template <bool kTransposed, bool kCopied>
ATTN_INLINE TileFunction tile_function(int64_t rows, int64_t columns, bool fetches_a) {
  constexpr IndicesBelow<kVectorTileRows>::type vector_tile_rows{};
  constexpr IndicesBelow<kTileRows>::type tile_rows{};
  if (columns > kLanes) {
    return !kTransposed && fetches_a ? choose_tile<2, kTransposed, false, kCopied, true>(rows, tile_rows)
                                     : choose_tile<2, kTransposed, false, kCopied, !kFetchesBefore>(rows, tile_rows);
  }
  return columns < kLanes ? choose_tile<1, kTransposed, kMasksLoads, false, false>(rows, vector_tile_rows)
                          : choose_tile<1, kTransposed, false, false, false>(rows, vector_tile_rows);
}

/// Strip `t`, whose tiles have `rows` rows, with `columns` columns, in as many panels as these fill; `last` is b for the
/// columns that are left over.
template <bool kTransposed, bool kCopied = false>
ATTN_INLINE void multiply_strip(TileStrip& t, int64_t rows, int64_t columns, Operand last) {
  t.panels = columns / kPanel;
  if (t.panels > 0) tile_function<kTransposed, kCopied>(rows, kPanel, t.a_ahead.left > 0)(t);
  const int64_t done = t.panels * kPanel;
  if (done == columns) return;
  t.b = last.data;
  t.ldb = last.ld;
  t.c += done;
  if (t.bias) t.bias += done;
  t.panels = 1;
  t.columns = columns - done;
  tile_function<kTransposed, kCopied>(rows, t.columns, false)(t);
}

}  // namespace
}  // namespace attn::simd
