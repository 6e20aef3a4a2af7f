#pragma once
// Products of pairs of 16-bit numbers: both operands are copied as words, b's part of a round by all threads together, a's
// rows by whoever multiplies them.

#include "simd/generic/matmul_pack.h"
#include "simd/generic/pack_pairs.h"

namespace attn::simd {
namespace {

/// Whether copies hold words of two numbers, which are for AVX-512 only.
ATTN_INLINE bool uses_pairs(const MatmulPlan& plan) {
  return ATTN_VECTOR_BYTES == 64 && plan.pairs.multiply;
}

/// A block of packing: some panels of a block of words; the next one holds the panels beside them, as memory does.
void pack_pairs(const Matmul& p, const MatmulPlan& plan, const Part& part, int64_t block, float* packed) {
  const int64_t groups = ceil_div(plan.columns, kMostPairColumns), offset = block % groups * kMostPairColumns;
  const int64_t first = block / groups * kPairBlock, k = part.k + first, column = part.column + offset;
  const int64_t columns = min(kMostPairColumns, part.column_end - column), depth = min(kPairBlock, part.depth - first);
  if (columns <= 0 || depth <= 0) return;  // the last round may be narrower or less deep
  const int64_t stride = pair_panel_stride(plan);
  PairWord* const words = reinterpret_cast<PairWord*>(packed) + offset / kPanel * stride;
  const WordPanels out = {words + pair_words(first, plan.pairs.scaled, kPanel), kPanel, stride};
  if (p.form == Form::NT) {
    pack_pair_columns(p.b + column * p.ldb + k, p.ldb, columns, depth, plan.pairs.scaled, out);
  } else {
    pack_pair_rows(p.b + k * p.ldb + column, p.ldb, depth, columns, plan.pairs.scaled, out);
  }
}

struct PairBlock {
  const Matmul& p;
  const MatmulPlan& plan;
  const Part& part;
  const float* packed;
  float* scratch;

  PairWord* words_of_a() const { return reinterpret_cast<PairWord*>(scratch); }

  void copy_a(int64_t row, int64_t rows) const {
    for (int64_t first = 0; first < part.depth; first += kPairBlock) {
      const int64_t k = part.k + first, depth = min(kPairBlock, part.depth - first);
      const WordPanels out = {words_of_a() + pair_words(first, plan.pairs.scaled, kCopiedRows), kCopiedRows, 0};
      if (p.form == Form::TN) {
        pack_pair_rows(p.a + k * p.lda + row, p.lda, depth, rows, plan.pairs.scaled, out);
      } else {
        pack_pair_columns(p.a + row * p.lda + k, p.lda, rows, depth, plan.pairs.scaled, out);
      }
    }
  }

  /// Of what copy_a will read next, what is fetched during a panel: one of the first rows, or of a transposed a the lines of
  /// some k, before which lies a line that was the last tile's.
  Ahead a_ahead(int64_t row, int64_t rows, int64_t panel, int64_t panels) const {
    if (p.form == Form::TN) {
      const int64_t share = ceil_div(part.depth, panels), k = panel * share;
      return {p.a + (part.k + k) * p.lda + row + rows - 1, p.lda, min(share, part.depth - k)};
    }
    const int64_t lines = ceil_div(part.depth, kLineFloats);
    return {p.a + (row + panel) * p.lda + part.k, kLineFloats, panel < rows ? lines : 0};
  }

  /// A tile of rows and columns [column, column_end): a becomes words once for all of the panels.
  void multiply(int64_t row, int64_t rows, int64_t column, int64_t column_end) const {
    copy_a(row, rows);
    const int64_t next = row + rows, next_rows = min(rows, p.m - next);
    const int64_t panels = ceil_div(column_end - column, kPanel), stride = pair_panel_stride(plan);
    const PairWord* b = reinterpret_cast<const PairWord*>(packed) + (column - part.column) / kPanel * stride;
    for (int64_t panel = 0; panel < panels; ++panel, b += stride) {
      const int64_t c = column + panel * kPanel;
      float* const out = p.c + row * p.ldc + c;
      const Ahead below = {p.c + next * p.ldc + column, p.ldc, next_rows};
      plan.pairs.multiply({.a = words_of_a(),
                           .b = b,
                           .pairs = ceil_div(part.depth, 2),
                           .c = out,
                           .ldc = p.ldc,
                           .rows = rows,
                           .columns = min(kPanel, column_end - c),
                           .bias = p.bias && part.k == 0 ? p.bias + c : nullptr,
                           .add = p.accumulate || part.k > 0,
                           .a_ahead = next_rows > 0 ? a_ahead(next, next_rows, panel, panels) : Ahead{},
                           .c_ahead = panel + 1 < panels ? Ahead{out + kPanel, p.ldc, rows} : below});
    }
  }
};

}  // namespace
}  // namespace attn::simd
