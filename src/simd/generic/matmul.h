#pragma once
// Matrix products of any shape and form, in rounds over b's columns and over k. Each round copies its part of b, all
// threads together or, where rows are few, every block its own columns, into panels that stay in the second-level cache.
// Blocks of rows of c are then computed tile by tile, every panel for one row of tiles before the next: a and c stream by
// once and in order, and what the next tile wants is fetched while this one computes.

#include "simd/generic/bf16.h"
#include "simd/generic/dots.h"
#include "simd/generic/elementwise.h"
#include "simd/generic/few_columns.h"
#include "simd/generic/matmul_pack.h"
#include "simd/generic/matmul_pairs.h"
#include "simd/generic/tile.h"
#include "simd/generic/tile_rows.h"

namespace attn::simd {
namespace {

/// Rows of y (rows, kCount) = sums + bias, where there is one, [+ y].
template <int kCount>
ATTN_INLINE void store_dots(const DotSums& d, const float* bias, bool add, float* y, int64_t ldy) {
  typedef float Some __attribute__((vector_size(4 * kCount), aligned(4), may_alias));
  for (int64_t r = 0; r < d.rows; ++r, y += ldy) {
    Some total = *reinterpret_cast<const Some*>(d.sums + r * d.ld);
    if (bias) total += *reinterpret_cast<const Some*>(bias);
    if (add) total += *reinterpret_cast<const Some*>(y);
    *reinterpret_cast<Some*>(y) = total;
  }
}

void multiply_few_rows(const Matmul& p, const Part& part, int64_t column, int64_t end) {
  const bool add = p.accumulate || part.k > 0;
  const auto store_sums = [&](const DotSums& d) {
    float* y = p.c + d.row * p.ldc + d.column;
    const float* const bias = p.bias && part.k == 0 ? p.bias + d.column : nullptr;
    if (d.columns == kLanes) return store_dots<kLanes>(d, bias, add, y, p.ldc);
    if (d.columns == kLanes / kDotRows) return store_dots<kLanes / kDotRows>(d, bias, add, y, p.ldc);
    for (int64_t r = 0; r < d.rows; ++r, y += p.ldc) {
      for (int64_t i = 0; i < d.columns; ++i) {
        y[i] = d.sums[r * d.ld + i] + (bias ? bias[i] : 0.0f) + (add ? y[i] : 0.0f);
      }
    }
  };
  if (p.b_bytes) {
    dot_products(p.a + part.k, p.lda, p.m, p.b_bytes + part.k, p.ldb, part.depth, column, end, [&](DotSums d) {
      float scaled[kLanes] = {};
      for (int64_t i = 0; i < d.columns; ++i) scaled[i] = d.sums[i] * p.byte_scales[d.column + i];
      d.sums = scaled;
      store_sums(d);
    });
  } else {
    // A last column beside which a group would be empty: all rows at once, where sums of lanes are much of the work.
    const bool ends_alone = p.m > kLanes / 2 && part.depth < 256 && (end - column) % (kLanes / kDotRows) == 1;
    const int64_t grouped = ends_alone ? end - 1 : end;
    dot_products(p.a + part.k, p.lda, p.m, p.b + part.k, p.ldb, part.depth, column, grouped, store_sums);
    if (ends_alone) multiply_column(p, grouped, part.k, part.depth, 0, p.m);
  }
  if (part.k + part.depth >= p.k) activate_part(p, 0, p.m, column, end - column);
}

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
    // Both use a panel of b before the next where it is far away or a copy.
    const int64_t step = two_tiles && plan.method == MatmulMethod::in_place ? kPanel : column_end - column;
    for (int64_t c = column; c < column_end; c += step) run_tiles(tile, tile_end, c, min(column_end, c + step));
  }

  bool copied() const { return plan.copied_tiles > 0; }
  bool transposed() const { return p.form == Form::TN; }
  /// Element (row, k) of a, k counted from the round's first.
  const float* a_at(int64_t row, int64_t k) const {
    return transposed() ? p.a + (part.k + k) * p.lda + row : p.a + row * p.lda + part.k + k;
  }
  Operand copied_tile(const float* copies, int64_t tile) const {
    return {copies + tile * tile_stride(plan), transposed() ? kCopiedRows : copied_row_stride(part.depth)};
  }

  /// Where tiles that are copied together end: of a transposed a they are alike.
  int64_t group_end(int64_t tile, int64_t tile_end) const {
    if (!copied()) return tile_end;
    return min(tile + plan.copied_tiles, transposed() ? tiles.end_of_alike(tile, tile_end) : tile_end);
  }

  void copy_a(int64_t tile, int64_t tile_end, float* out) const {
    if (transposed()) {
      columns_of_a(tile, tile_end, out).finish();
    } else {
      copy_rows_of_a(tile, tile_end, out);
    }
    if (!p.bf16) return;
    for (; tile < tile_end; ++tile, out += tile_stride(plan)) round_to_bf16(out, tile_floats(part.depth));
  }

  /// Rows of memory are read from end to end. (Down a column, loads would wait for stores to the scratch whose
  /// addresses agree with theirs in the low 12 bits.)
  void copy_rows_of_a(int64_t tile, int64_t tile_end, float* out) const {
    for (; tile < tile_end; ++tile, out += tile_stride(plan)) {
      const int64_t row = tiles.first_row(tile), rows = tiles.first_row(tile + 1) - row;
      for (int64_t r = 0; r < rows; ++r) {
        copy_row(a_at(row + r, 0), part.depth, out + r * copied_row_stride(part.depth));
      }
    }
  }

  /// The copying of a transposed a's columns for these tiles, which are alike: nothing is copied yet.
  ColumnCopy columns_of_a(int64_t tile, int64_t tile_end, float* out) const {
    const int64_t row = tiles.first_row(tile), rows = tiles.first_row(tile + 1) - row;
    return {a_at(row, 0), p.lda, rows, out, tile_stride(plan), tile_end - tile, part.depth};
  }

  /// Of `columns` columns from c on.
  Operand panel_of_b(int64_t c, int64_t columns) const {
    const int64_t width = round_up(columns, kLanes);
    if (is_packed(plan)) return {packed + (c - part.column) / kPanel * panel_stride(plan), width};
    if (columns == width) return {p.b + part.k * p.ldb + c, p.ldb};
    pack_panel(p, part.k, part.depth, c, columns, scratch);
    return {scratch, width};
  }

  /// Of a, what is wanted after the tile whose rows end at `row`: the next tile's rows, which are `rows` or as many as there
  /// are, or, of columns that are copied for several tiles, what will be copied in place of that tile.
  void fetch_a(int64_t row, int64_t rows, TileStrip& strip) const {
    if (!fetches_a(p)) return;
    if (transposed()) {
      const int64_t last = row + max(1, plan.copied_tiles) * rows - 1;
      if (last < p.m) strip.a_ahead = {a_at(last, 0), p.lda, part.depth};
      strip.a_ahead_stride = rows;
    } else if (copied()) {
      strip.a_ahead = {a_at(row, 0), kLineFloats, ceil_div(part.depth, kLineFloats)};
      strip.a_ahead_stride = p.lda;
      strip.rows_ahead = min(rows, p.m - row);
    } else {
      strip.a_ahead = p.lda > part.depth ? Ahead{a_at(row, 0), p.lda, rows}
                                         : Ahead{a_at(row, 0), kLineFloats, ceil_div(rows * part.depth, kLineFloats)};
      strip.a_ahead_stride = rows * p.lda;
    }
  }

  /// Columns [c, end) of c.
  void run_tiles(int64_t tile, int64_t tile_end, int64_t c, int64_t end) const {
    const int64_t rest = (end - c) % kPanel;
    const Operand b = panel_of_b(c, kPanel), last = panel_of_b(end - rest, rest);
    // What is done for every row of tiles follows on its heels.
    const bool singly = rest > 0 || p.activation != Activation::none;
    float* copies = scratch;
    float* next_copies = scratch + plan.copied_tiles * tile_stride(plan);
    for (int64_t first = tile, last_tile; first < tile_end; first = last_tile) {
      last_tile = group_end(first, tile_end);
      if (copied() && (first == tile || !copies_ahead(p))) copy_a(first, last_tile, copies);
      ColumnCopy next = {};
      if (copies_ahead(p) && last_tile < tile_end) {
        next = columns_of_a(last_tile, group_end(last_tile, tile_end), next_copies);
      }
      for (int64_t t = first, strip_end; t < last_tile; t = strip_end) {
        strip_end = singly ? t + 1 : tiles.end_of_alike(t, last_tile);
        const Operand a = copied() ? copied_tile(copies, t - first) : Operand{a_at(tiles.first_row(t), 0), p.lda};
        run_strip(a, t, strip_end, c, end, b, last, &next);
      }
      next.finish();
      if (copies_ahead(p)) swap(copies, next_copies);
    }
  }

  /// Tiles [tile, tile_end), which are of the same height.
  void run_strip(Operand a, int64_t tile, int64_t tile_end, int64_t c, int64_t end, Operand b, Operand last,
                 ColumnCopy* copying) const {
    const int64_t row = tiles.first_row(tile), row_end = tiles.first_row(tile_end);
    const int64_t rows = tiles.first_row(tile + 1) - row;
    TileStrip strip = {.a = a.data,
                       .lda = a.ld,
                       .b = b.data,
                       .ldb = b.ld,
                       .panel_stride = is_packed(plan) ? panel_stride(plan) : kPanel,
                       .k = part.depth,
                       .c = p.c + row * p.ldc + c,
                       .ldc = p.ldc,
                       .bias = p.bias && part.k == 0 ? p.bias + c : nullptr,
                       .add = p.accumulate || part.k > 0,
                       .tile_rows = tile_end - tile,
                       .a_stride = copied()       ? tile_stride(plan)
                                   : transposed() ? rows
                                                  : rows * p.lda,
                       .is_followed = row_end < p.m,
                       .copying = copying};
    fetch_a(row + rows, rows, strip);
    if (transposed() && copied()) {
      multiply_strip<true, true>(strip, rows, end - c, last);
    } else if (transposed()) {
      multiply_strip<true>(strip, rows, end - c, last);
    } else {
      multiply_strip<false>(strip, rows, end - c, last);
    }
    if (part.k + part.depth >= p.k) activate_part(p, row, row_end - row, c, end - c);
  }
};

/// The columns that no tile computes, in the groups of rows that begin in [row, row_end): how blocks cut the rows changes no
/// sum.
void multiply_rest(const Matmul& p, const Part& part, int64_t row, int64_t row_end) {
  const int64_t first = tiled_columns(p);
  row = round_up(row, kRowsTogether);
  row_end = min(p.m, round_up(row_end, kRowsTogether));
  if (row >= row_end) return;
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
    const PairBlock pairs = {p, plan, part, packed, scratch};
    for (int64_t t = tile; t < tile_end; ++t) {
      const int64_t row = tiles.first_row(t), rows = tiles.first_row(t + 1) - row;
      pairs.multiply(row, rows, column, column_end);
      if (part.k + part.depth >= p.k) activate_part(p, row, rows, column, column_end - column);
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

/// A small product from its first element to its last.
template <bool kTransposed>
void multiply_small(const Matmul& p, const MatmulPlan& plan, float* scratch) {
  const int64_t n = tiled_columns(p), rest = n % kPanel;
  const Part all = {0, n, 0, p.k};
  const bool transposes_b = p.form == Form::NT;
  const int64_t panel_distance = transposes_b ? panel_stride(plan) : kPanel;
  Operand b = {p.b, p.ldb}, last = {scratch, round_up(rest, kLanes)};
  if (transposes_b) {
    pack_part(p, plan, all, scratch);
    b = {scratch, kPanel};
    last.data += n / kPanel * panel_distance;
  } else if (copies_last_panel(p)) {
    pack_panel(p, 0, p.k, n - rest, rest, scratch);
  } else {
    last = {p.b + n - rest, p.ldb};
  }
  const int64_t most = n > kLanes ? kTileRows : kVectorTileRows;
  const TileRows tiles(0, p.m, most);
  const int64_t count = count_tiles(p.m, most);
  for (int64_t t = 0, strip_end; t < count; t = strip_end) {
    strip_end = tiles.end_of_alike(t, count);
    const int64_t row = tiles.first_row(t), rows = tiles.first_row(t + 1) - row;
    TileStrip strip = {.a = kTransposed ? p.a + row : p.a + row * p.lda,
                       .lda = p.lda,
                       .b = b.data,
                       .ldb = b.ld,
                       .panel_stride = panel_distance,
                       .k = p.k,
                       .c = p.c + row * p.ldc,
                       .ldc = p.ldc,
                       .bias = p.bias,
                       .add = p.accumulate,
                       .tile_rows = strip_end - t,
                       .a_stride = kTransposed ? rows : rows * p.lda};
    multiply_strip<kTransposed>(strip, rows, n, last);
  }
  if (n < p.n) multiply_rest(p, all, 0, p.m);
  activate_part(p, 0, p.m, 0, n);
}

void pack_matmul(const Matmul& p, const MatmulPlan& plan, int64_t round, int64_t block, float* packed) {
  const Part part = part_of(p, plan, round);
  if (uses_pairs(plan)) {
    pack_pairs(p, plan, part, block, packed);
  } else {
    pack_floats(p, plan, part, block, packed);
  }
}

void matmul(const Matmul& p, const MatmulPlan& plan, int64_t round, int64_t block, const float* packed,
            float* scratch) {
  if (plan.method == MatmulMethod::small) {
    return p.form == Form::TN ? multiply_small<true>(p, plan, scratch) : multiply_small<false>(p, plan, scratch);
  }
  if (plan.rounds == plan.parts) return multiply_block(p, plan, part_of(p, plan, round), block, packed, scratch);
  for (int64_t part = 0; part < plan.parts; ++part) {
    multiply_block(p, plan, part_of(p, plan, part), block, packed, scratch);
  }
}

}  // namespace
}  // namespace attn::simd
