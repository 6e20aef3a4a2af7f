#pragma once
// Matrix products of any shape and form, in rounds over b's columns and over k. Each round copies its part of b, all
// threads together, into panels that stay in the second-level cache. Blocks of rows of c are then computed tile by tile,
// every panel for one tile of rows before the next tile: a and c stream by once and in order, and what the next tile
// wants is fetched while this one computes.

#include "simd/generic/dots.h"
#include "simd/generic/elementwise.h"
#include "simd/generic/pack.h"
#include "simd/generic/pack_pairs.h"
#include "simd/generic/tile.h"

namespace attn::simd {
namespace {

// Floats of b in a round: a quarter of the second-level cache of 2 MB that comes with AVX-512; elsewhere that cache is
// small, rounds would be many, and b does as well streaming from the third level.
constexpr int64_t kMostPacked = (kNarrowTiles ? 1024 : 192) * 1024;
// Of k in a round, so that a tile's rows of a stay in the first-level cache.
constexpr int64_t kMostDepth = kNarrowTiles ? 384 : 768;
constexpr int64_t kMostTransposedDepth = 384;  // the same, where they lie apart
constexpr int64_t kMostInPlace = 64 * 1024;    // floats from b's first row to its last, or
constexpr int64_t kMostStride = 128;           // between rows of b that are read in place
constexpr int64_t kFewestFlops = 1 << 19;      // of a block, so that claiming it costs little
constexpr int64_t kMostFlops = 1 << 23;        // of a block, so that many threads find work,
constexpr int64_t kPackedRows = 32;            // of b, by one block of packing
constexpr int64_t kWantedBlocks = 8;  // but no more blocks than these, as tiles fetch ahead within a block only

constexpr int64_t kCopiedRows = (kTileRows + kLanes - 1) / kLanes * kLanes;  // distance of a's copied columns

/// Rows whose distance is a multiple of 4 KB compete for the same cache lines. Transposed rows of a lie far apart, and a
/// narrow tile would fetch each of their lines for a few floats.
ATTN_INLINE bool copies_a(const Matmul& p) {
  return p.form == Form::TN ? kNarrowTiles : p.lda % 1024 == 0;
}

/// Floats from one of a block's copied tiles of a, or from one of b's panels, to the next: not a multiple of 4 KB.
ATTN_INLINE int64_t tile_stride(const MatmulPlan& plan) {
  return plan.depth * kCopiedRows + 16;
}
ATTN_INLINE int64_t panel_stride(const MatmulPlan& plan) {
  return plan.depth * kPanel + 16;
}

/// The same of words of two bfloat16 numbers: a block keeps one tile of a at a time.
static_assert(kPairPanel == kPanel && kPackedRows % 2 == 0);
ATTN_INLINE int64_t pair_tile_words(const MatmulPlan& plan) {
  return ceil_div(plan.depth, 2) * kPairRowWords;
}
ATTN_INLINE int64_t pair_panel_words(const MatmulPlan& plan) {
  return ceil_div(plan.depth, 2) * kPairPanel + 16;
}
ATTN_INLINE int64_t tile_rows(const Matmul& p) {
  return p.bf16 ? kPairRows : kTileRows;
}

/// Blocks of whole tiles of rows, and, if these are few, of some panels only.
void plan_blocks(const Matmul& p, MatmulPlan& plan) {
  const int64_t tiles = ceil_div(p.m, tile_rows(p)), panels = ceil_div(plan.columns, kPanel);
  const int64_t flops = 2 * p.m * plan.columns * plan.depth;
  const int64_t wanted = max(1, min(flops / kFewestFlops, max(kWantedBlocks, flops / kMostFlops)));
  plan.block_tiles = ceil_div(tiles, wanted);
  plan.row_blocks = ceil_div(tiles, plan.block_tiles);
  const int64_t column_blocks = max(1, min(panels, wanted / plan.row_blocks));
  plan.block_columns = ceil_div(panels, column_blocks) * kPanel;
  plan.blocks = plan.row_blocks * ceil_div(plan.columns, plan.block_columns);
}

void plan_dots(const Matmul& p, MatmulPlan& plan) {
  const int64_t vectors = ceil_div(p.n, kLanes), most = max(1, 2 * p.m * p.n * p.k / (kFewestFlops / 8));
  plan.method = MatmulMethod::dots;
  plan.block_tiles = plan.row_blocks = 1;
  plan.block_columns = ceil_div(vectors, min(vectors, most)) * kLanes;
  plan.blocks = ceil_div(p.n, plan.block_columns);
}

/// Rows of b that are not too far apart are as good in place as copied, if all of their vectors are whole; not for narrow
/// tiles, which read each row of b more often.
ATTN_INLINE bool copies_b(const Matmul& p) {
  return kNarrowTiles || p.form == Form::NT || p.n % kLanes != 0 || (p.ldb > kMostStride && p.k * p.ldb > kMostInPlace);
}

void plan_tiles(const Matmul& p, MatmulPlan& plan) {
  const int64_t most_depth = p.form == Form::TN ? kMostTransposedDepth : kMostDepth;
  if (p.k > most_depth) plan.depth = round_up(ceil_div(p.k, ceil_div(p.k, most_depth)), 8);
  const int64_t panels = ceil_div(p.n, kPanel);
  const int64_t most_panels = max(1, kMostPacked / (max(1, plan.depth) * kPanel));
  plan.columns = min(p.n, ceil_div(panels, ceil_div(panels, most_panels)) * kPanel);
  plan.parts = ceil_div(p.n, plan.columns) * max(1, ceil_div(p.k, max(1, plan.depth)));
  plan_blocks(p, plan);
  plan.copies_a = copies_a(p);
  plan.scratch = plan.copies_a ? plan.block_tiles * tile_stride(plan) : 0;
  if (!copies_b(p) && !p.bf16) return;
  plan.method = MatmulMethod::packed;
  plan.rounds = plan.parts;
  plan.pack_blocks = p.form == Form::NT ? ceil_div(plan.columns, kPanel) : ceil_div(plan.depth, kPackedRows);
  plan.packed = ceil_div(plan.columns, kPanel) * panel_stride(plan);
  if (!p.bf16) return;
  plan.copies_a = true;
  plan.scratch = pair_tile_words(plan);
  plan.packed = ceil_div(plan.columns, kPanel) * pair_panel_words(plan);
  plan.pair_tile = multiply_pair_tile;
}

/// Few rows: copies would not pay.
void plan_in_place(const Matmul& p, MatmulPlan& plan) {
  plan.scratch = p.k * kPanel;
  plan_blocks(p, plan);
}

MatmulPlan plan_matmul(const Matmul& p) {
  MatmulPlan plan = {};
  if (p.m == 0 || p.n == 0) return plan;
  plan.depth = p.k;
  plan.columns = p.n;
  plan.method = MatmulMethod::in_place;
  plan.rounds = plan.parts = 1;
  if (p.bf16) {
    plan_tiles(p, plan);
  } else if (p.form == Form::NT && p.m <= kDotRows) {
    plan_dots(p, plan);
  } else if (p.form == Form::NT || p.m > 2 * kTileRows) {
    plan_tiles(p, plan);
  } else {
    plan_in_place(p, plan);
  }
  return plan;
}

/// A part of a product: b's rows [k, k + depth) and columns [column, column_end).
struct Part {
  int64_t column, column_end, k, depth;
};

ATTN_INLINE Part part_of(const Matmul& p, const MatmulPlan& plan, int64_t part) {
  Part r = {0, p.n, 0, p.k};
  if (plan.parts == 1) return r;
  const int64_t depths = max(1, ceil_div(p.k, max(1, plan.depth)));
  r.column = part / depths * plan.columns;
  r.column_end = min(p.n, r.column + plan.columns);
  r.k = part % depths * plan.depth;
  r.depth = min(plan.depth, p.k - r.k);
  return r;
}

/// b's rows [k, k + depth) and columns [column, column + columns) as tiles read them: rows of whole vectors.
void pack_panel(const Matmul& p, int64_t k, int64_t depth, int64_t column, int64_t columns, float* out) {
  const int64_t width = round_up(columns, kLanes);
  if (p.b_bytes) {
    pack_transposed_bytes(p.b_bytes + column * p.ldb + k, p.ldb, columns, depth, p.byte_scales + column, out, width);
  } else if (p.form == Form::NT) {
    pack_transposed(p.b + column * p.ldb + k, p.ldb, columns, depth, 1.0f, out, width);
  } else {
    pack_rows(p.b + k * p.ldb + column, p.ldb, depth, columns, out, width);
  }
}

/// The same in words of two bfloat16 numbers.
void pack_pairs(const Matmul& p, const MatmulPlan& plan, const Part& part, int64_t block, PairWord* packed) {
  const int64_t stride = pair_panel_words(plan);
  if (p.form == Form::NT) {
    const int64_t column = part.column + block * kPanel, columns = min(kPanel, part.column_end - column);
    if (columns <= 0) return;
    pack_pair_columns(p.b + column * p.ldb + part.k, p.ldb, columns, part.depth, packed + block * stride, kPairPanel);
    return;
  }
  const int64_t first = block * kPackedRows, depth = min(kPackedRows, part.depth - first);
  if (depth <= 0) return;  // the last round may be less deep
  PairWord* panel = packed + first / 2 * kPairPanel;
  for (int64_t column = part.column; column < part.column_end; column += kPanel, panel += stride) {
    const float* from = p.b + (part.k + first) * p.ldb + column;
    pack_pair_rows(from, p.ldb, depth, min(kPanel, part.column_end - column), panel, kPairPanel);
  }
}

void pack_matmul(const Matmul& p, const MatmulPlan& plan, int64_t round, int64_t block, float* packed) {
  const Part r = part_of(p, plan, round);
  if (p.bf16) return pack_pairs(p, plan, r, block, reinterpret_cast<PairWord*>(packed));
  if (p.form == Form::NT) {
    const int64_t column = r.column + block * kPanel;
    if (column >= r.column_end) return;  // the last round may be narrower
    pack_panel(p, r.k, r.depth, column, min(kPanel, r.column_end - column), packed + block * panel_stride(plan));
    return;
  }
  const int64_t end = min(r.depth, (block + 1) * kPackedRows);
  for (int64_t k = block * kPackedRows; k < end; ++k) {
    const float* row = p.b + (r.k + k) * p.ldb;
    float* panel = packed;
    for (int64_t column = r.column; column < r.column_end; column += kPanel) {
      const int64_t columns = min(kPanel, r.column_end - column);
      copy_padded(row + column, columns, panel + k * round_up(columns, kLanes));
      panel += panel_stride(plan);
    }
  }
}

/// Activates a part of c that is complete.
void activate_part(const Matmul& p, int64_t row, int64_t rows, int64_t column, int64_t columns) {
  if (p.activation == Activation::none) return;
  with_activation(p.activation, [&](auto which) {
    for (int64_t r = row; r < row + rows; ++r) {
      const int64_t first = r * p.ldc + column;
      activate_range<which.value>(p.c, p.c, p.slopes, first, first + columns);
    }
  });
}

void multiply_few_rows(const Matmul& p, int64_t column, int64_t end) {
  const auto store_sum = [&](int64_t r, int64_t c, float total) {
    float* y = p.c + r * p.ldc + c;
    *y = total + (p.bias ? p.bias[c] : 0.0f) + (p.accumulate ? *y : 0.0f);
  };
  if (p.b_bytes) {
    dot_products(p.a, p.lda, p.m, p.b_bytes, p.ldb, p.k, column, end,
                 [&](int64_t r, int64_t c, float total) { store_sum(r, c, total * p.byte_scales[c]); });
  } else {
    dot_products(p.a, p.lda, p.m, p.b, p.ldb, p.k, column, end, store_sum);
  }
  activate_part(p, 0, p.m, column, end - column);
}

struct Operand {
  const float* data;
  int64_t ld;
};

/// One block: some tiles of rows and some panels of a round.
struct BlockProduct {
  const Matmul& p;
  const MatmulPlan& plan;
  Part part;
  int64_t column, column_end;
  const float* packed;
  float* scratch;
  TileRows tiles;

  void run(int64_t tile, int64_t tile_end) const {
    const bool copied = plan.copies_a;
    if (copied) copy_rows_of_a(tile, tile_end);
    for (int64_t t = tile; t < tile_end; ++t) {
      const int64_t row = tiles.first_row(t), rows = tiles.first_row(t + 1) - row;
      const int64_t next_rows = row + rows < p.m ? tiles.first_row(t + 2) - row - rows : 0;
      const Operand a = copied ? copied_tile(t - tile) : Operand{a_at(row, 0), p.lda};
      for (int64_t c = column; c < column_end; c += kPanel) {
        const Ahead ahead = copied || next_rows == 0 ? Ahead{} : a_ahead(row + rows, c, next_rows);
        multiply(a, row, rows, c, next_rows, ahead);
      }
    }
  }

  bool transposed() const { return p.form == Form::TN; }
  /// Element (row, k) of a, k counted from the round's first.
  const float* a_at(int64_t row, int64_t k) const {
    return transposed() ? p.a + (part.k + k) * p.lda + row : p.a + row * p.lda + part.k + k;
  }
  Operand copied_tile(int64_t tile) const {
    return {scratch + tile * tile_stride(plan), transposed() ? kCopiedRows : part.depth};
  }

  /// Rows of memory are read from end to end. (Down a column, loads would wait for stores to the scratch whose
  /// addresses agree with theirs in the low 12 bits.)
  void copy_rows_of_a(int64_t tile, int64_t tile_end) const {
    if (transposed()) return copy_columns_of_a(tile, tile_end);
    for (int64_t t = tile; t < tile_end; ++t) {
      const int64_t row = tiles.first_row(t), rows = tiles.first_row(t + 1) - row;
      float* out = scratch + (t - tile) * tile_stride(plan);
      for (int64_t r = 0; r < rows; ++r) copy_row(a_at(row + r, 0), part.depth, out + r * part.depth);
    }
  }

  /// The same transposed: rows of a are cut into pieces as wide as a tile, copied as whole vectors whose last lanes no
  /// tile reads.
  void copy_columns_of_a(int64_t tile, int64_t tile_end) const {
    for (int64_t k = 0; k < part.depth; ++k) {
      const float* a = a_at(0, k);
      float* out = scratch + k * kCopiedRows;
      for (int64_t t = tile; t < tile_end; ++t, out += tile_stride(plan)) {
        const int64_t row = tiles.first_row(t);
        if (row + kCopiedRows <= p.m) {
          copy_padded(a + row, kCopiedRows, out);
        } else {
          copy_padded(a + row, p.m - row, out);
        }
      }
    }
  }

  Operand panel_of_b(int64_t c, int64_t columns) const {
    const int64_t width = round_up(columns, kLanes);
    if (plan.method == MatmulMethod::packed) return {packed + (c - part.column) / kPanel * panel_stride(plan), width};
    if (columns == width) return {p.b + part.k * p.ldb + c, p.ldb};
    pack_panel(p, 0, p.k, c, columns, scratch);
    return {scratch, width};
  }

  /// Each panel's tile fetches its share of the next tile's rows of a.
  Ahead a_ahead(int64_t row, int64_t c, int64_t rows) const {
    const int64_t panels = ceil_div(column_end - column, kPanel), panel = (c - column) / kPanel;
    if (transposed()) {
      const int64_t share = ceil_div(part.depth, panels), k = panel * share;
      return {a_at(row + rows - 1, k), p.lda, min(share, part.depth - k)};
    }
    const float* first = a_at(row, 0);
    if (p.lda > part.depth) return {first + panel * 16, p.lda, rows};
    const int64_t lines = ceil_div(rows * part.depth, 16), share = ceil_div(lines, panels);
    return {first + panel * share * 16, 16, min(share, lines - panel * share)};
  }

  /// The tile of c at (row, c); the next tile has `next_rows`.
  void multiply(Operand a, int64_t row, int64_t rows, int64_t c, int64_t next_rows, const Ahead& ahead) const {
    const int64_t columns = min(kPanel, column_end - c);
    const Operand b = panel_of_b(c, columns);
    const bool last_panel = c + kPanel >= column_end;
    const int64_t next_row = last_panel ? row + rows : row, next_column = last_panel ? column : c + kPanel;
    const Tile tile = {.a = a.data,
                       .lda = a.ld,
                       .b = b.data,
                       .ldb = b.ld,
                       .k = part.depth,
                       .c = p.c + row * p.ldc + c,
                       .ldc = p.ldc,
                       .columns = columns,
                       .bias = p.bias && part.k == 0 ? p.bias + c : nullptr,
                       .add = p.accumulate || part.k > 0,
                       .a_ahead = ahead,
                       .c_ahead = {p.c + next_row * p.ldc + next_column, p.ldc, last_panel ? next_rows : rows}};
    (transposed() ? tile_function<true>(rows, columns) : tile_function<false>(rows, columns))(tile);
    if (part.k + part.depth >= p.k) activate_part(p, row, rows, c, columns);
  }
};

/// The same of bfloat16 numbers: a tile of a becomes words once, for all of the block's panels.
void multiply_pair_block(const Matmul& p, const MatmulPlan& plan, const Part& part, int64_t column, int64_t column_end,
                         const PairWord* packed, PairWord* scratch, int64_t row, int64_t rows) {
  if (p.form == Form::TN) {
    pack_pair_rows(p.a + part.k * p.lda + row, p.lda, part.depth, rows, scratch, kPairRowWords);
  } else {
    pack_pair_columns(p.a + row * p.lda + part.k, p.lda, rows, part.depth, scratch, kPairRowWords);
  }
  for (int64_t c = column; c < column_end; c += kPairPanel) {
    const int64_t columns = min(kPairPanel, column_end - c);
    plan.pair_tile({.a = scratch,
                    .b = packed + (c - part.column) / kPairPanel * pair_panel_words(plan),
                    .pairs = ceil_div(part.depth, 2),
                    .c = p.c + row * p.ldc + c,
                    .ldc = p.ldc,
                    .rows = rows,
                    .columns = columns,
                    .bias = p.bias && part.k == 0 ? p.bias + c : nullptr,
                    .add = p.accumulate || part.k > 0});
    if (part.k + part.depth >= p.k) activate_part(p, row, rows, c, columns);
  }
}

void multiply_block(const Matmul& p, const MatmulPlan& plan, const Part& part, int64_t block, const float* packed,
                    float* scratch) {
  const int64_t column = part.column + block / plan.row_blocks * plan.block_columns;
  const int64_t column_end = min(part.column_end, column + plan.block_columns);
  if (column >= column_end) return;  // the last part may be narrower
  if (plan.method == MatmulMethod::dots) return multiply_few_rows(p, column, column_end);
  const TileRows tiles(0, p.m, tile_rows(p));
  const int64_t tile = block % plan.row_blocks * plan.block_tiles;
  const int64_t tile_end = min(ceil_div(p.m, tile_rows(p)), tile + plan.block_tiles);
  if (!p.bf16) return BlockProduct{p, plan, part, column, column_end, packed, scratch, tiles}.run(tile, tile_end);
  for (int64_t t = tile; t < tile_end; ++t) {
    const int64_t row = tiles.first_row(t);
    multiply_pair_block(p, plan, part, column, column_end, reinterpret_cast<const PairWord*>(packed),
                        reinterpret_cast<PairWord*>(scratch), row, tiles.first_row(t + 1) - row);
  }
}

void matmul(const Matmul& p, const MatmulPlan& plan, int64_t round, int64_t block, const float* packed,
            float* scratch) {
  if (plan.rounds == plan.parts) return multiply_block(p, plan, part_of(p, plan, round), block, packed, scratch);
  for (int64_t part = 0; part < plan.parts; ++part) {
    multiply_block(p, plan, part_of(p, plan, part), block, packed, scratch);
  }
}

}  // namespace
}  // namespace attn::simd
