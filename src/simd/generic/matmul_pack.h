#pragma once
// How products copy parts of b into panels.

#include "simd/generic/bf16.h"
#include "simd/generic/matmul_plan.h"
#include "simd/generic/pack.h"

namespace attn::simd {
namespace {

ATTN_INLINE Part part_of(const Matmul& p, const MatmulPlan& plan, int64_t part) {
  return part_of(plan.method == MatmulMethod::dots ? p.n : tiled_columns(p), p.k, plan, part);
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

/// A block of packing.
void pack_floats(const Matmul& p, const MatmulPlan& plan, const Part& r, int64_t block, float* packed) {
  if (p.form == Form::NT) {
    const int64_t column = r.column + block * kPanel, columns = min(kPanel, r.column_end - column);
    if (columns <= 0) return;  // the last round may be narrower
    float* const panel = packed + block * panel_stride(plan);
    pack_panel(p, r.k, r.depth, column, columns, panel);
    if (p.bf16) round_to_bf16(panel, r.depth * round_up(columns, kLanes));
    return;
  }
  // The columns of one block of the product after those of another.
  const int64_t row_blocks = ceil_div(plan.depth, kPackedRows), before = block / row_blocks * plan.block_columns;
  const int64_t begin = block % row_blocks * kPackedRows, end = min(r.depth, begin + kPackedRows);
  const Part own = {r.column + before, min(r.column_end, r.column + before + plan.block_columns), r.k, r.depth};
  float* const first_panel = packed + before / kPanel * panel_stride(plan);
  pack_rows_of_b(p, plan, own, begin, end, first_panel);
  if (p.bf16) round_rows(own, plan, begin, end, first_panel);
}

}  // namespace
}  // namespace attn::simd
