#pragma once
// Matrix products of any shape and form, split into blocks by shape alone. A block owns a range of rows and
// columns of c; it copies a panel of b at a time into its scratch and reads a in place.

#include "simd/generic/dots.h"
#include "simd/generic/elementwise.h"
#include "simd/generic/pack.h"
#include "simd/generic/tile.h"

namespace attn::simd {
namespace {

/// How a product is cut. Depends on nothing but form, m, n, k and lda.
struct MatmulPlan {
  bool dots;        // few rows: no copies, see dots.h
  bool copies;      // of the block's rows of a and columns of b
  bool copy_b;      // else, of one panel of b at a time, even if it could be read in place
  int64_t k_block;  // depth of a panel of b
  int64_t block_rows, row_blocks;
  int64_t block_columns, column_blocks;
};

constexpr int64_t kMostKBlock = 256;       // panel: 256·kPanel floats, in the first-level cache beside a's rows
constexpr int64_t kMostBlockRows = 768;    // a's rows × k_block stay in the second-level cache
constexpr int64_t kMostCopiedRows = 256;   // so do these rows, copied,
constexpr int64_t kMostCopiedPanels = 16;  // and these panels
constexpr int64_t kFewestFlops = 1 << 18;  // of a block, so that claiming it costs little
constexpr int64_t kWantedBlocks = 8;

/// Copies are worth while where a is read many times and lies badly: rows whose distance is a multiple of 4 KB compete
/// for the same cache lines, transposed parts of rows are far apart, and a large b drives a from the cache.
bool copies_pay(const Matmul& p) {
  if (p.m <= 4 * kTileRows || p.n < 4 * kPanel) return false;
  if (p.form == Form::TN) return p.m * p.k >= 384 * 1024;
  return p.k > kMostKBlock && (p.lda % 1024 == 0 || p.k * p.n >= 1024 * 1024);
}

/// The blocks of a product that is read in place.
void plan_in_place(const Matmul& p, MatmulPlan& plan) {
  const int64_t unit = plan.dots ? kLanes : kPanel;
  const int64_t panels = ceil_div(p.n, unit);
  const int64_t most = 2 * p.m * p.n * p.k / (plan.dots ? kFewestFlops / 4 : kFewestFlops);
  if (most <= 1) return;
  const int64_t row_blocks = plan.dots ? 1 : ceil_div(p.m, kMostBlockRows);
  const int64_t block_panels = ceil_div(panels, min(panels, max(1, most / row_blocks)));
  plan.block_columns = block_panels * unit;
  plan.column_blocks = ceil_div(panels, block_panels);
  if (plan.dots) return;
  const int64_t wanted = max(row_blocks, min(min(most, kWantedBlocks) / plan.column_blocks, p.m / 192));
  if (wanted <= 1) return;
  plan.block_rows = round_up(ceil_div(p.m, wanted), kTileRows);
  plan.row_blocks = ceil_div(p.m, plan.block_rows);
}

void plan_copies(const Matmul& p, MatmulPlan& plan) {
  const int64_t panels = ceil_div(p.n, kPanel);
  const int64_t block_panels = ceil_div(panels, ceil_div(panels, kMostCopiedPanels));
  plan.block_columns = block_panels * kPanel;
  plan.column_blocks = ceil_div(panels, block_panels);
  const int64_t wanted = max(ceil_div(p.m, kMostCopiedRows), min(kWantedBlocks / plan.column_blocks, p.m / 128));
  plan.block_rows = round_up(ceil_div(p.m, max(1, wanted)), kTileRows);
  plan.row_blocks = ceil_div(p.m, plan.block_rows);
}

MatmulPlan plan_matmul(const Matmul& p) {
  MatmulPlan plan;
  plan.dots = p.form == Form::NT && p.m <= kDotRows;
  plan.copies = !plan.dots && copies_pay(p);
  plan.k_block = p.k <= kMostKBlock ? p.k : round_up(ceil_div(p.k, ceil_div(p.k, kMostKBlock)), 8);
  plan.block_rows = p.m;
  plan.block_columns = p.n;
  plan.row_blocks = plan.column_blocks = 1;
  if (plan.copies) {
    plan_copies(p, plan);
  } else {
    plan_in_place(p, plan);
  }
  plan.copy_b = plan.block_rows > 2 * kTileRows;
  return plan;
}

int64_t matmul_blocks(const Matmul& p) {
  if (p.m == 0 || p.n == 0) return 0;
  const MatmulPlan plan = plan_matmul(p);
  return plan.row_blocks * plan.column_blocks;
}

/// Distance of a tile's copied rows of a: rows of k, or, transposed, of the tile's rows. An odd number of vectors, so
/// that rows do not compete for the same cache lines.
ATTN_INLINE int64_t copied_row_floats(const MatmulPlan& plan, bool transposed) {
  return transposed ? round_up(kTileRows, kLanes) : round_up(plan.k_block, 2 * kLanes) + kLanes;
}
/// Floats that one tile's rows of a take when they are copied.
ATTN_INLINE int64_t copied_tile_floats(const MatmulPlan& plan) {
  return round_up(kTileRows, kLanes) * (round_up(plan.k_block, 2 * kLanes) + kLanes);
}

int64_t matmul_scratch(const Matmul& p) {
  const MatmulPlan plan = plan_matmul(p);
  if (plan.dots) return 0;
  if (!plan.copies) return plan.k_block * kPanel;
  return plan.k_block * round_up(plan.block_columns, kPanel) +
         ceil_div(plan.block_rows, kTileRows) * copied_tile_floats(plan);
}

/// The part of a product that one block owns.
struct Part {
  int64_t row, row_end, column, column_end;
};

struct Panel {
  const float* data;
  int64_t ld;
};

/// b's rows [k, k + rows) and columns [column, column + columns) as tiles read them: rows of whole vectors.
void copy_panel_of_b(const Matmul& p, int64_t k, int64_t rows, int64_t column, int64_t columns, float* out) {
  const int64_t width = round_up(columns, kLanes);
  if (p.form == Form::NT) {
    pack_transposed(p.b + column * p.ldb + k, p.ldb, columns, rows, 1.0f, out, width);
  } else {
    pack_rows(p.b + k * p.ldb + column, p.ldb, rows, columns, out, width);
  }
}

/// The same, copied only if that is needed or wanted.
Panel panel_of_b(const Matmul& p, int64_t k, int64_t rows, int64_t column, int64_t columns, bool copy, float* scratch) {
  if (!copy && p.form != Form::NT && columns % kLanes == 0) return {p.b + k * p.ldb + column, p.ldb};
  copy_panel_of_b(p, k, rows, column, columns, scratch);
  return {scratch, round_up(columns, kLanes)};
}

/// What is left to do once a product is complete in `raw`.
void finish_part(const Matmul& p, const float* raw, int64_t row, int64_t rows, int64_t column, int64_t columns) {
  if (raw == p.c && p.activation == Activation::none && !p.preactivation) return;
  for (int64_t r = row; r < row + rows; ++r) {
    const int64_t first = r * p.ldc + column;
    if (p.preactivation && raw != p.preactivation) {
      activate_range<Activation::none>(raw, p.preactivation, first, first + columns);
    } else {
      activation(p.activation, raw, p.c, first, first + columns);
    }
  }
}

float* raw_output(const Matmul& p) {
  return p.preactivation && p.activation != Activation::none ? p.preactivation : p.c;
}

void multiply_few_rows(const Matmul& p, int64_t column, int64_t end) {
  float* raw = raw_output(p);
  dot_products(p.a, p.lda, p.m, p.b, p.ldb, p.k, column, end, [&](int64_t r, int64_t c, float total) {
    float* y = raw + r * p.ldc + c;
    *y = total + (p.bias ? p.bias[c] : 0.0f) + (p.accumulate ? *y : 0.0f);
  });
  finish_part(p, raw, 0, p.m, column, end - column);
}

/// Copies the block's rows of a from k on, tile by tile. Transposed rows are far apart in memory, so the tiles'
/// parts of a few of them are copied together.
void copy_rows_of_a(const Matmul& p, const MatmulPlan& plan, int64_t k, int64_t depth, const Part& part, float* tiles) {
  const bool transposed = p.form == Form::TN;
  const int64_t tile_floats = copied_tile_floats(plan), width = copied_row_floats(plan, transposed);
  const TileRows tile_rows(part.row, part.row_end, kTileRows);
  const int64_t step = transposed ? kRowsAhead : depth;
  for (int64_t i = 0; i < depth; i += step) {
    float* out = tiles;
    tile_rows.for_each([&](int64_t row, int64_t rows) {
      if (transposed) {
        pack_rows(p.a + (k + i) * p.lda + row, p.lda, min(step, depth - i), rows, out + i * width, width);
      } else {
        for (int64_t r = 0; r < rows; ++r) copy_row(p.a + (row + r) * p.lda + k, depth, out + r * width);
      }
      out += tile_floats;
    });
  }
}

/// Copies the block's columns of b, panel by panel, a few rows at a time for the same reason.
void copy_columns_of_b(const Matmul& p, const MatmulPlan& plan, int64_t k, int64_t depth, const Part& part,
                       float* panels) {
  const int64_t step = p.form == Form::NT ? depth : kRowsAhead;
  for (int64_t i = 0; i < depth; i += step) {
    for (int64_t c = part.column; c < part.column_end; c += kPanel) {
      const int64_t columns = min(kPanel, part.column_end - c), width = round_up(columns, kLanes);
      float* out = panels + (c - part.column) * plan.k_block + i * width;
      copy_panel_of_b(p, k + i, min(step, depth - i), c, columns, out);
    }
  }
}

void multiply_one(const Matmul& p, int64_t k, int64_t depth, int64_t row, int64_t rows, int64_t column, int64_t columns,
                  Panel a, Panel b) {
  float* raw = raw_output(p);
  const Tile tile = {.a = a.data,
                     .lda = a.ld,
                     .b = b.data,
                     .ldb = b.ld,
                     .k = depth,
                     .c = raw + row * p.ldc + column,
                     .ldc = p.ldc,
                     .columns = columns,
                     .bias = p.bias && k == 0 ? p.bias + column : nullptr,
                     .add = p.accumulate || k > 0};
  (p.form == Form::TN ? tile_function<true>(rows, columns) : tile_function<false>(rows, columns))(tile);
  if (k + depth >= p.k) finish_part(p, raw, row, rows, column, columns);
}

/// The block's rows of a and columns of b are copied; then each panel of b serves all rows.
void multiply_copies(const Matmul& p, const MatmulPlan& plan, const Part& part, float* scratch) {
  float* tiles = scratch + plan.k_block * round_up(plan.block_columns, kPanel);
  const int64_t tile_floats = copied_tile_floats(plan), width = copied_row_floats(plan, p.form == Form::TN);
  const TileRows tile_rows(part.row, part.row_end, kTileRows);
  for (int64_t k = 0; k < p.k; k += plan.k_block) {
    const int64_t depth = min(plan.k_block, p.k - k);
    copy_rows_of_a(p, plan, k, depth, part, tiles);
    copy_columns_of_b(p, plan, k, depth, part, scratch);
    for (int64_t c = part.column; c < part.column_end; c += kPanel) {
      const int64_t columns = min(kPanel, part.column_end - c);
      const Panel b = {scratch + (c - part.column) * plan.k_block, round_up(columns, kLanes)};
      const float* tile = tiles;
      tile_rows.for_each([&](int64_t r, int64_t rows) {
        multiply_one(p, k, depth, r, rows, c, columns, {tile, width}, b);
        tile += tile_floats;
      });
    }
  }
}

/// One panel of b after the other; a is read in place.
void multiply_in_place(const Matmul& p, const MatmulPlan& plan, const Part& part, float* scratch) {
  const TileRows tile_rows(part.row, part.row_end, kTileRows);
  for (int64_t c = part.column; c < part.column_end; c += kPanel) {
    const int64_t columns = min(kPanel, part.column_end - c);
    int64_t k = 0;
    do {
      const int64_t depth = min(plan.k_block, p.k - k);
      const Panel b = panel_of_b(p, k, depth, c, columns, plan.copy_b, scratch);
      tile_rows.for_each([&](int64_t r, int64_t rows) {
        const float* a = p.form == Form::TN ? p.a + k * p.lda + r : p.a + r * p.lda + k;
        multiply_one(p, k, depth, r, rows, c, columns, {a, p.lda}, b);
      });
      k += depth;
    } while (k < p.k);
  }
}

void matmul(const Matmul& p, int64_t block, float* scratch) {
  const MatmulPlan plan = plan_matmul(p);
  Part part;
  part.column = block % plan.column_blocks * plan.block_columns;
  part.column_end = min(p.n, part.column + plan.block_columns);
  part.row = block / plan.column_blocks * plan.block_rows;
  part.row_end = min(p.m, part.row + plan.block_rows);
  if (plan.dots) {
    multiply_few_rows(p, part.column, part.column_end);
  } else if (plan.copies) {
    multiply_copies(p, plan, part, scratch);
  } else {
    multiply_in_place(p, plan, part, scratch);
  }
}

}  // namespace
}  // namespace attn::simd
