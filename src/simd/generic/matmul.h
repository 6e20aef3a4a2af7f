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
  bool dots;          // few rows: no copy of b, see dots.h
  int64_t tile_rows;  // most rows of a tile
  int64_t k_block;    // a panel of b has k_block rows at most
  int64_t block_rows, row_blocks;
  int64_t block_columns, column_blocks;
};

constexpr int64_t kMostKBlock = 256;  // panel: 256·kPanel floats, in the first-level cache beside a's rows
constexpr int64_t kMostBlockRows = 1024;   // a's rows × k_block stay in the second-level cache
constexpr int64_t kFewestFlops = 1 << 18;  // of a block, so that claiming it costs little
constexpr int64_t kWantedBlocks = 8;

MatmulPlan plan_matmul(const Matmul& p) {
  MatmulPlan plan;
  plan.dots = p.form == Form::NT && p.m <= kDotRows;
  const int64_t k_blocks = max(1, ceil_div(p.k, kMostKBlock));
  plan.k_block = round_up(ceil_div(p.k, k_blocks), 8);
  // Rows of a that are multiples of 4 KB apart compete for the same few cache lines.
  plan.tile_rows = p.form != Form::TN && p.lda % 1024 == 0 ? min(8, kTileRows) : kTileRows;
  const int64_t unit = plan.dots ? kLanes : kPanel;
  const int64_t panels = max(1, ceil_div(p.n, unit));
  const int64_t flops = 2 * p.m * p.n * p.k;
  const int64_t most = max(1, flops / (plan.dots ? kFewestFlops / 4 : kFewestFlops));
  const int64_t row_blocks = max(1, ceil_div(p.m, kMostBlockRows));
  const int64_t column_blocks = min(panels, max(1, most / row_blocks));
  const int64_t block_panels = ceil_div(panels, column_blocks);
  plan.block_columns = block_panels * unit;
  plan.column_blocks = ceil_div(panels, block_panels);
  const int64_t wanted_rows = plan.dots ? 1 : max(row_blocks, min(most, kWantedBlocks) / plan.column_blocks);
  plan.block_rows = max(1, min(p.m, round_up(ceil_div(p.m, wanted_rows), plan.tile_rows)));
  plan.row_blocks = max(1, ceil_div(p.m, plan.block_rows));
  return plan;
}

int64_t matmul_blocks(const Matmul& p) {
  if (p.m == 0 || p.n == 0) return 0;
  const MatmulPlan plan = plan_matmul(p);
  return plan.row_blocks * plan.column_blocks;
}

int64_t matmul_scratch(const Matmul& p) {
  const MatmulPlan plan = plan_matmul(p);
  return plan.dots ? 0 : plan.k_block * kPanel;
}

struct Panel {
  const float* data;
  int64_t ld;
};

/// b's rows [k, k + rows) and columns [column, column + columns) as tiles want them.
Panel panel_of_b(const Matmul& p, int64_t k, int64_t rows, int64_t column, int64_t columns, bool copy,
                 float* scratch) {
  const int64_t width = round_up(columns, kLanes);
  if (p.form == Form::NT) {
    pack_transposed(p.b + column * p.ldb + k, p.ldb, columns, rows, 1.0f, scratch, width);
    return {scratch, width};
  }
  const float* first = p.b + k * p.ldb + column;
  if (!copy && width == columns) return {first, p.ldb};
  pack_rows(first, p.ldb, rows, columns, scratch, width);
  return {scratch, width};
}

/// What is left to do once a product is complete in `raw`.
void finish_part(const Matmul& p, const float* raw, int64_t row, int64_t rows, int64_t column,
                 int64_t columns) {
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

void multiply_panel(const Matmul& p, const MatmulPlan& plan, int64_t row, int64_t row_end, int64_t column,
                    int64_t columns, float* scratch) {
  float* raw = raw_output(p);
  const bool transposed = p.form == Form::TN;
  const bool copy = row_end - row > 2 * plan.tile_rows;
  int64_t k = 0;
  do {
    const int64_t depth = min(plan.k_block, p.k - k);
    const Panel b = panel_of_b(p, k, depth, column, columns, copy, scratch);
    const bool last = k + depth >= p.k;
    for_each_tile_row(row, row_end, plan.tile_rows, [&](int64_t r, int64_t rows) {
      const Tile tile = {.a = transposed ? p.a + k * p.lda + r : p.a + r * p.lda + k,
                         .lda = p.lda,
                         .b = b.data,
                         .ldb = b.ld,
                         .k = depth,
                         .c = raw + r * p.ldc + column,
                         .ldc = p.ldc,
                         .columns = columns,
                         .bias = p.bias && k == 0 ? p.bias + column : nullptr,
                         .add = p.accumulate || k > 0};
      (transposed ? tile_function<true>(rows, columns) : tile_function<false>(rows, columns))(tile);
      if (last) finish_part(p, raw, r, rows, column, columns);
    });
    k += depth;
  } while (k < p.k);
}

void matmul(const Matmul& p, int64_t block, float* scratch) {
  const MatmulPlan plan = plan_matmul(p);
  const int64_t column = block % plan.column_blocks * plan.block_columns;
  const int64_t column_end = min(p.n, column + plan.block_columns);
  if (plan.dots) return multiply_few_rows(p, column, column_end);
  const int64_t row = block / plan.column_blocks * plan.block_rows;
  const int64_t row_end = min(p.m, row + plan.block_rows);
  for (int64_t c = column; c < column_end; c += kPanel) {
    multiply_panel(p, plan, row, row_end, c, min(kPanel, column_end - c), scratch);
  }
}

}  // namespace
}  // namespace attn::simd
