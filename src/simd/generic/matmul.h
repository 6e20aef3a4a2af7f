#pragma once
// Matrix products of any shape and form, in rounds over b's columns and over k. Each round copies its part of b, all
// threads together or, where rows are few, every block its own columns, into panels that stay in the second-level cache.
// Blocks of rows of c are then computed tile by tile,
// every panel for one tile of rows before the next tile: a and c stream by once and in order, and what the next tile
// wants is fetched while this one computes.

#include "simd/generic/bf16.h"
#include "simd/generic/dots.h"
#include "simd/generic/elementwise.h"
#include "simd/generic/few_columns.h"
#include "simd/generic/matmul_plan.h"
#include "simd/generic/pack.h"
#include "simd/generic/pack_pairs.h"
#include "simd/generic/tile.h"

namespace attn::simd {
namespace {

/// A part of a product: b's rows [k, k + depth) and columns [column, column_end).
struct Part {
  int64_t column, column_end, k, depth;
};

ATTN_INLINE Part part_of(const Matmul& p, const MatmulPlan& plan, int64_t part) {
  const int64_t n = plan.method == MatmulMethod::dots ? p.n : tiled_columns(p);
  Part r = {0, n, 0, p.k};
  if (plan.parts == 1) return r;
  const int64_t depths = max(1, ceil_div(p.k, max(1, plan.depth)));
  r.column = part / depths * plan.columns;
  r.column_end = min(n, r.column + plan.columns);
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

/// Whether copies hold words of two bfloat16 numbers, for plan.pair_tile, which comes with AVX-512 only.
ATTN_INLINE bool uses_pairs(const MatmulPlan& plan) {
  return ATTN_VECTOR_BYTES == 64 && plan.pair_tile;
}

/// Words from one of b's panels to the next.
static_assert(kPackedRows % 2 == 0);
ATTN_INLINE int64_t pair_panel_stride(const MatmulPlan& plan) {
  return ceil_div(plan.depth, 2) * kPanel + 16;
}

/// A block of packing as pack_matmul does it, in words of two bfloat16 numbers.
void pack_pairs(const Matmul& p, const MatmulPlan& plan, const Part& part, int64_t block, PairWord* packed) {
  const int64_t stride = pair_panel_stride(plan);
  if (p.form == Form::NT) {
    const int64_t column = part.column + block * kPanel, columns = min(kPanel, part.column_end - column);
    if (columns <= 0) return;
    pack_pair_columns(p.b + column * p.ldb + part.k, p.ldb, columns, part.depth, packed + block * stride, kPanel);
    return;
  }
  const int64_t first = block * kPackedRows, depth = min(kPackedRows, part.depth - first);
  if (depth <= 0) return;  // the last round may be less deep
  PairWord* panel = packed + first / 2 * kPanel;
  for (int64_t column = part.column; column < part.column_end; column += kPanel, panel += stride) {
    const float* from = p.b + (part.k + first) * p.ldb + column;
    pack_pair_rows(from, p.ldb, depth, min(kPanel, part.column_end - column), panel, kPanel);
  }
}

/// Rows [begin, end) of all panels.
void round_rows(const Part& r, const MatmulPlan& plan, int64_t begin, int64_t end, float* panel) {
  for (int64_t column = r.column; column < r.column_end; column += kPanel, panel += panel_stride(plan)) {
    const int64_t width = round_up(min(kPanel, r.column_end - column), kLanes);
    round_to_bf16(panel + begin * width, (end - begin) * width);
  }
}

/// Rows [begin, end) of a round of b, which is not transposed, into all of its panels.
void pack_rows_of_b(const Matmul& p, const MatmulPlan& plan, const Part& r, int64_t begin, int64_t end, float* packed) {
  for (int64_t k = begin; k < end; ++k) {
    const float* row = p.b + (r.k + k) * p.ldb;
    float* panel = packed;
    for (int64_t column = r.column; column < r.column_end; column += kPanel) {
      const int64_t columns = min(kPanel, r.column_end - column);
      __builtin_prefetch(row + kRowsAhead * p.ldb + column);
      copy_padded(row + column, columns, panel + k * round_up(columns, kLanes));
      panel += panel_stride(plan);
    }
  }
}

/// All panels of a part.
void pack_part(const Matmul& p, const MatmulPlan& plan, const Part& r, float* packed) {
  if (p.form != Form::NT) return pack_rows_of_b(p, plan, r, 0, r.depth, packed);
  for (int64_t column = r.column; column < r.column_end; column += kPanel, packed += panel_stride(plan)) {
    pack_panel(p, r.k, r.depth, column, min(kPanel, r.column_end - column), packed);
  }
}

void pack_matmul(const Matmul& p, const MatmulPlan& plan, int64_t round, int64_t block, float* packed) {
  const Part r = part_of(p, plan, round);
  if (uses_pairs(plan)) return pack_pairs(p, plan, r, block, reinterpret_cast<PairWord*>(packed));
  if (p.form == Form::NT) {
    const int64_t column = r.column + block * kPanel, columns = min(kPanel, r.column_end - column);
    if (columns <= 0) return;  // the last round may be narrower
    float* const panel = packed + block * panel_stride(plan);
    pack_panel(p, r.k, r.depth, column, columns, panel);
    if (p.bf16) round_to_bf16(panel, r.depth * round_up(columns, kLanes));
    return;
  }
  const int64_t end = min(r.depth, (block + 1) * kPackedRows);
  pack_rows_of_b(p, plan, r, block * kPackedRows, end, packed);
  if (p.bf16) round_rows(r, plan, block * kPackedRows, end, packed);
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

void multiply_few_rows(const Matmul& p, const Part& part, int64_t column, int64_t end) {
  const float* const bias = part.k == 0 ? p.bias : nullptr;
  const bool add = p.accumulate || part.k > 0;
  const auto store_sums = [&](int64_t r, int64_t c, int64_t columns, const float* sums) {
    float* y = p.c + r * p.ldc + c;
    if (columns == kLanes / kDotRows && !bias && !add) {
      __builtin_memcpy(y, sums, sizeof(float) * kLanes / kDotRows);  // one store
    } else {
      for (int64_t i = 0; i < columns; ++i) y[i] = sums[i] + (bias ? bias[c + i] : 0.0f) + (add ? y[i] : 0.0f);
    }
  };
  if (p.b_bytes) {
    dot_products(p.a + part.k, p.lda, p.m, p.b_bytes + part.k, p.ldb, part.depth, column, end,
                 [&](int64_t r, int64_t c, int64_t columns, const float* sums) {
                   float scaled[kLanes];
                   for (int64_t i = 0; i < columns; ++i) scaled[i] = sums[i] * p.byte_scales[c + i];
                   store_sums(r, c, columns, scaled);
                 });
  } else {
    dot_products(p.a + part.k, p.lda, p.m, p.b + part.k, p.ldb, part.depth, column, end, store_sums);
  }
  if (part.k + part.depth >= p.k) activate_part(p, 0, p.m, column, end - column);
}

struct Operand {
  const float* data;
  int64_t ld;
};

/// One block: some tiles of rows and some panels of a round.
struct BlockProduct {
  const Matmul& p;
  const MatmulPlan& plan;
  const Part& part;
  int64_t column, column_end;
  const float* packed;
  float* scratch;
  const TileRows& tiles;

  void run(int64_t tile, int64_t tile_end) const {
    const bool two_tiles = tile_end - tile == 2 && p.m <= 2 * kTileRows && p.k * p.ldb > kMostInPlace;
    if (two_tiles && plan.method == MatmulMethod::in_place) return run_two_tiles(tile);
    for (int64_t t = tile; t < tile_end; ++t) {
      const int64_t group = copied() ? (t - tile) % plan.copied_tiles : 0;
      if (copied() && group == 0) copy_a(t, min(tile_end, t + plan.copied_tiles));
      const int64_t row = tiles.first_row(t), rows = tiles.first_row(t + 1) - row;
      const int64_t next_rows = row + rows < p.m ? tiles.first_row(t + 2) - row - rows : 0;
      multiply(copied() ? copied_tile(group) : Operand{a_at(row, 0), p.lda}, row, rows, next_rows, column, column_end);
    }
  }

  /// Both use a panel of b before the next: it may be far away, or a copy.
  void run_two_tiles(int64_t tile) const {
    for (int64_t c = column; c < column_end; c += kPanel) {
      for (int64_t t = tile; t < tile + 2; ++t) {
        const int64_t row = tiles.first_row(t), rows = tiles.first_row(t + 1) - row;
        multiply({a_at(row, 0), p.lda}, row, rows, 0, c, min(column_end, c + kPanel));
      }
    }
  }

  bool copied() const { return plan.copied_tiles > 0; }
  bool transposed() const { return p.form == Form::TN; }
  /// Element (row, k) of a, k counted from the round's first.
  const float* a_at(int64_t row, int64_t k) const {
    return transposed() ? p.a + (part.k + k) * p.lda + row : p.a + row * p.lda + part.k + k;
  }
  Operand copied_tile(int64_t tile) const {
    return {scratch + tile * tile_stride(plan), transposed() ? kCopiedRows : part.depth};
  }

  void copy_a(int64_t tile, int64_t tile_end) const {
    if (transposed()) {
      copy_columns_of_a(tile, tile_end);
    } else {
      copy_rows_of_a(tile, tile_end);
    }
    if (!p.bf16) return;
    for (int64_t t = tile; t < tile_end; ++t) {
      round_to_bf16(scratch + (t - tile) * tile_stride(plan), part.depth * kCopiedRows);
    }
  }

  /// Rows of memory are read from end to end. (Down a column, loads would wait for stores to the scratch whose
  /// addresses agree with theirs in the low 12 bits.)
  void copy_rows_of_a(int64_t tile, int64_t tile_end) const {
    for (int64_t t = tile; t < tile_end; ++t) {
      const int64_t row = tiles.first_row(t), rows = tiles.first_row(t + 1) - row;
      float* out = scratch + (t - tile) * tile_stride(plan);
      for (int64_t r = 0; r < rows; ++r) copy_row(a_at(row + r, 0), part.depth, out + r * part.depth);
    }
  }

  /// The same transposed: rows of a are cut into pieces as wide as a tile, copied as whole vectors whose last lanes no
  /// tile reads.
  void copy_columns_of_a(int64_t tile, int64_t tile_end) const {
    const int64_t stride = tile_stride(plan), ahead = kRowsAhead * p.lda;
    const int64_t whole = whole_tiles(tile, tile_end);
    for (int64_t k = 0; k < part.depth; ++k) {
      const float* a = a_at(0, k);
      float* out = scratch + k * kCopiedRows;
      int64_t t = tile;
      for (; t < whole; ++t, out += stride) {
        const int64_t row = tiles.first_row(t);
        __builtin_prefetch(a + ahead + row);
        copy_padded(a + row, kCopiedRows, out);
      }
      for (; t < tile_end; ++t, out += stride) {
        const int64_t row = tiles.first_row(t);
        copy_padded(a + row, p.m - row, out);
      }
    }
  }

  /// The first of these tiles after whose first row there are fewer than kCopiedRows.
  int64_t whole_tiles(int64_t tile, int64_t tile_end) const {
    while (tile_end > tile && tiles.first_row(tile_end - 1) + kCopiedRows > p.m) --tile_end;
    return tile_end;
  }

  /// Of `columns` columns from c on.
  Operand panel_of_b(int64_t c, int64_t columns) const {
    const int64_t width = round_up(columns, kLanes);
    if (is_packed(plan)) return {packed + (c - part.column) / kPanel * panel_stride(plan), width};
    if (columns == width) return {p.b + part.k * p.ldb + c, p.ldb};
    pack_panel(p, part.k, part.depth, c, columns, scratch);
    return {scratch, width};
  }

  /// The next tile's rows of a, which are `rows` from `row` on.
  Ahead a_ahead(int64_t row, int64_t rows) const {
    if (copied() || rows == 0) return {};
    if (transposed()) return {a_at(row + rows - 1, 0), p.lda, part.depth};
    if (p.lda > part.depth) return {a_at(row, 0), p.lda, rows};
    return {a_at(row, 0), 16, ceil_div(rows * part.depth, 16)};
  }

  /// Columns [c, end) of `rows` rows of c; the next tile has `next_rows`.
  void multiply(Operand a, int64_t row, int64_t rows, int64_t next_rows, int64_t c, int64_t end) const {
    const int64_t rest = (end - c) % kPanel;
    const Operand b = panel_of_b(c, kPanel), last = panel_of_b(end - rest, rest);
    TileRow t = {.a = a.data,
                 .lda = a.ld,
                 .b = b.data,
                 .ldb = b.ld,
                 .panel_stride = is_packed(plan) ? panel_stride(plan) : kPanel,
                 .k = part.depth,
                 .c = p.c + row * p.ldc + c,
                 .ldc = p.ldc,
                 .bias = p.bias && part.k == 0 ? p.bias + c : nullptr,
                 .add = p.accumulate || part.k > 0,
                 .a_ahead = a_ahead(row + rows, next_rows),
                 .c_ahead = {p.c + (row + rows) * p.ldc + column, p.ldc, next_rows}};
    if (transposed()) {
      multiply_row<true>(t, rows, end - c, last.data, last.ld);
    } else {
      multiply_row<false>(t, rows, end - c, last.data, last.ld);
    }
    if (part.k + part.depth >= p.k) activate_part(p, row, rows, c, end - c);
  }
};

/// A tile of rows and all panels of a block, of bfloat16 numbers: a becomes words once, for all of the block's panels.
void multiply_pair_block(const Matmul& p, const MatmulPlan& plan, const Part& part, int64_t column, int64_t column_end,
                         const PairWord* packed, PairWord* scratch, int64_t row, int64_t rows) {
  if (p.form == Form::TN) {
    pack_pair_rows(p.a + part.k * p.lda + row, p.lda, part.depth, rows, scratch, kCopiedRows);
  } else {
    pack_pair_columns(p.a + row * p.lda + part.k, p.lda, rows, part.depth, scratch, kCopiedRows);
  }
  for (int64_t c = column; c < column_end; c += kPanel) {
    const int64_t columns = min(kPanel, column_end - c);
    plan.pair_tile({.a = scratch,
                    .b = packed + (c - part.column) / kPanel * pair_panel_stride(plan),
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

/// Rows [row, row_end) of the columns that no tile computes.
void multiply_rest(const Matmul& p, const Part& part, int64_t row, int64_t row_end) {
  const int64_t first = tiled_columns(p);
  for (int64_t c = first; c < p.n; ++c) multiply_column(p, c, part.k, part.depth, row, row_end);
  if (first < p.n && part.k + part.depth >= p.k) activate_part(p, row, row_end - row, first, p.n - first);
}

void multiply_block(const Matmul& p, const MatmulPlan& plan, const Part& part, int64_t block, const float* packed,
                    float* scratch) {
  const int64_t column = part.column + block / plan.row_blocks * plan.block_columns;
  const int64_t column_end = min(part.column_end, column + plan.block_columns);
  if (column >= column_end) return;  // the last part may be narrower
  if (plan.method == MatmulMethod::dots) return multiply_few_rows(p, part, column, column_end);
  const TileRows tiles(0, p.m, kTileRows);
  const int64_t tile = block % plan.row_blocks * plan.block_tiles;
  const int64_t tile_end = min(ceil_div(p.m, kTileRows), tile + plan.block_tiles);
  if (uses_pairs(plan)) {
    for (int64_t t = tile; t < tile_end; ++t) {
      const int64_t row = tiles.first_row(t);
      multiply_pair_block(p, plan, part, column, column_end, reinterpret_cast<const PairWord*>(packed),
                          reinterpret_cast<PairWord*>(scratch), row, tiles.first_row(t + 1) - row);
    }
    return;
  }
  if (plan.method == MatmulMethod::packed_apart) {
    const Part own = {column, column_end, part.k, part.depth};
    float* const after = scratch + plan.block_columns / kPanel * panel_stride(plan);
    pack_part(p, plan, own, scratch);
    BlockProduct{p, plan, own, column, column_end, scratch, after, tiles}.run(tile, tile_end);
  } else {
    BlockProduct{p, plan, part, column, column_end, packed, scratch, tiles}.run(tile, tile_end);
  }
  if (column_end == tiled_columns(p)) multiply_rest(p, part, tiles.first_row(tile), tiles.first_row(tile_end));
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
