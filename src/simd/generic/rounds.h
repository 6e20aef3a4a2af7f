#pragma once
// How matrix products are cut, whatever multiplies.

#include "simd/generic/vector.h"

namespace attn::simd {
namespace {

constexpr int64_t kWantedBlocks = 8;  // and no more unless they are large, as tiles fetch ahead within a block only

/// A part of a product: b's rows [k, k + depth) and columns [column, column_end).
struct Part {
  int64_t column, column_end, k, depth;
};

/// Of a product of n columns and depth k.
ATTN_INLINE Part part_of(int64_t n, int64_t k, const MatmulPlan& plan, int64_t part) {
  Part r = {0, n, 0, k};
  if (plan.parts == 1) return r;
  const int64_t depths = max(1, ceil_div(k, max(1, plan.depth)));
  r.column = part / depths * plan.columns;
  r.column_end = min(n, r.column + plan.columns);
  r.k = part % depths * plan.depth;
  r.depth = min(plan.depth, k - r.k);
  return r;
}

void split_depth(const Matmul& p, int64_t most, int64_t unit, MatmulPlan& plan) {
  if (p.k > most) plan.depth = round_up(ceil_div(p.k, ceil_div(p.k, most)), unit);
}

}  // namespace
}  // namespace attn::simd
