#pragma once
// Products on a matrix unit. Both operands are copied as bfloat16 numbers, b's part of a round by all threads together, a's
// rows by whoever multiplies them: in bfloat16 one number for every float, in f32 three. Their exact products are summed in
// floats, so that errors are those of fused multiply-adds, but for half of a last bit of a product.

#include "simd/generic/activation.h"
#include "simd/generic/amx_tile.h"
#include "simd/generic/rounds.h"

namespace attn::simd {
namespace {

// Of k in a round; transposed, a becomes words in rows of memory, which are shorter then.
constexpr int64_t kMostAmxDepth = 512, kMostTransposedAmxDepth = 384;
constexpr int64_t kMostAmxWords = 320 * 1024;      // of b in a round, in a second-level cache of 2 MB
constexpr int64_t kAmxPackedColumns = 8 * kLanes;  // of b, by one block of packing
constexpr int64_t kFewestAmxFlops = 1 << 20;       // of a block, so that claiming it costs little
constexpr int64_t kMostAmxFlops = 1 << 24;         // of a block, so that many threads find work
constexpr int64_t kMostSharedTiles = 7;            // of rows whose copy all blocks share, which may be of columns then

ATTN_INLINE int64_t parts_of(const Matmul& p) {
  return p.bf16 ? 1 : 3;
}

/// Words of kAmxRows rows of a, or kAmxColumns columns of b.
ATTN_INLINE int64_t amx_words(const Matmul& p, int64_t depth) {
  return ceil_div(depth, kStepDepth) * parts_of(p) * kPartWords;
}

/// Whether the matrix unit is faster, by a model in nanoseconds whose numbers fit 900 products measured on a Granite Rapids:
/// multiplying registers, copying either operand, a tile's beginning and end, and fused multiply-adds instead of all that.
bool uses_amx(const Matmul& p) {
  if (p.b_bytes || p.m <= kLanes || p.n < kLanes || p.k < kLanes) return false;
  const int64_t rows = ceil_div(p.m, kLanes), columns = ceil_div(p.n, kLanes), steps = ceil_div(p.k, kStepDepth);
  const int64_t multiplying = rows * columns * steps * (p.bf16 ? 10 : 40) + rows * columns * 25 / 2;
  const int64_t copying =
      steps * (rows * (p.form == Form::TN ? 160 : 120) + columns * (p.form == Form::NT ? 160 : 120));
  return multiplying + copying < p.m * p.n * p.k / (p.bf16 ? 68 : 88);
}

/// Whether a is copied once like b, by all threads together: rows are few, and blocks are of columns too.
ATTN_INLINE bool shares_a(const MatmulPlan& plan) {
  return plan.copied_tiles > 0;
}

void plan_amx_blocks(const Matmul& p, MatmulPlan& plan) {
  const int64_t tiles = ceil_div(p.m, kAmxRows), panels = ceil_div(plan.columns, kAmxColumns);
  const int64_t flops = 2 * p.m * plan.columns * plan.depth;
  const int64_t wanted = max(1, min(flops / kFewestAmxFlops, max(kWantedBlocks, flops / kMostAmxFlops)));
  plan.copied_tiles = tiles <= kMostSharedTiles ? tiles : 0;
  const int64_t column_blocks = shares_a(plan) ? min(panels, wanted) : 1;
  plan.block_tiles = ceil_div(tiles, ceil_div(wanted, column_blocks));
  plan.row_blocks = ceil_div(tiles, plan.block_tiles);
  plan.block_columns = ceil_div(panels, column_blocks) * kAmxColumns;
  plan.blocks = plan.row_blocks * ceil_div(plan.columns, plan.block_columns);
}

/// Blocks of packing: a step of some columns of b, then, if it is shared, of a row of tiles of a.
ATTN_INLINE int64_t pack_blocks_of_b(const MatmulPlan& plan) {
  return ceil_div(plan.depth, kStepDepth) * ceil_div(plan.columns, kAmxPackedColumns);
}
/// Where b's copy ends.
ATTN_INLINE int64_t words_of_b(const Matmul& p, const MatmulPlan& plan) {
  return ceil_div(plan.columns, kAmxColumns) * amx_words(p, plan.depth);
}

MatmulPlan plan_amx(const Matmul& p) {
  MatmulPlan plan = {};
  plan.method = MatmulMethod::amx;
  plan.depth = p.k;
  split_depth(p, p.form == Form::TN ? kMostTransposedAmxDepth : kMostAmxDepth, kStepDepth, plan);
  const int64_t panels = ceil_div(p.n, kAmxColumns), most_panels = max(1, kMostAmxWords / amx_words(p, plan.depth));
  plan.columns = min(p.n, ceil_div(panels, ceil_div(panels, most_panels)) * kAmxColumns);
  plan.parts = plan.rounds = ceil_div(p.n, plan.columns) * ceil_div(p.k, plan.depth);
  plan_amx_blocks(p, plan);
  const int64_t words_of_a = amx_words(p, plan.depth);
  plan.pack_blocks = pack_blocks_of_b(plan) + plan.copied_tiles * ceil_div(plan.depth, kStepDepth);
  plan.packed = words_of_b(p, plan) + plan.copied_tiles * words_of_a;
  plan.scratch = shares_a(plan) ? 0 : words_of_a;
  return plan;
}

/// What such a block copies of b; the next one is of the columns beside them, as memory is.
struct AmxPackBlock {
  int64_t k, depth, column, column_end;

  AmxPackBlock(const MatmulPlan& plan, const Part& part, int64_t block) {
    const int64_t groups = ceil_div(plan.columns, kAmxPackedColumns);
    k = block / groups * kStepDepth;
    depth = max(0, min(kStepDepth, part.depth - k));  // the last round may be less deep
    column = part.column + block % groups * kAmxPackedColumns;
    column_end = min(part.column_end, column + kAmxPackedColumns);
  }
};

/// Fetches what the next block copies in place of the columns from `column` on.
ATTN_INLINE void fetch_lines(const Lines& source, int64_t line, int64_t k, int64_t depth) {
  const int64_t rows = depth == 0 ? 0 : source.are_rows ? kLanes : depth;
  for (int64_t i = 0; i < rows; ++i) {
    const float* const row = source.are_rows ? source.at(line + i, k) : source.at(line, k + i);
    __builtin_prefetch(row, 0, 2);
    if (source.are_rows) __builtin_prefetch(row + kLanes, 0, 2);
  }
}

template <int kParts>
void pack_amx(const Matmul& p, const MatmulPlan& plan, const Part& part, int64_t block, float* packed) {
  const AmxPackBlock now(plan, part, block), next(plan, part, block + 1);
  if (now.depth == 0) return;
  const Lines b = {p.b, p.ldb, p.form == Form::NT};
  PairWord* const words = reinterpret_cast<PairWord*>(packed) + now.k / kStepDepth * kParts * kPartWords;
  for (int64_t c = now.column; c < now.column_end; c += kLanes) {
    const int64_t column = c - part.column, columns = min(kLanes, now.column_end - c);
    PairWord* const out = words + column / kAmxColumns * amx_words(p, plan.depth) + column % kAmxColumns * kLanes;
    fetch_lines(b, next.column + c - now.column, part.k + next.k, next.depth);
    pack_lines<kParts>(b, true, c, columns, part.k + now.k, now.depth, out);
  }
}

/// A step of a row of tiles.
template <int kParts>
ATTN_INLINE void copy_a(const Matmul& p, const Part& part, int64_t row, int64_t rows, int64_t step, PairWord* tile) {
  const Lines a = {p.a, p.lda, p.form != Form::TN};
  const int64_t k = step * kStepDepth, depth = min(kStepDepth, part.depth - k);
  for (int64_t r = 0; r < rows; r += kLanes) {
    PairWord* const out = tile + step * kParts * kPartWords + r * kLanes;
    pack_lines<kParts>(a, false, row + r, min(kLanes, rows - r), part.k + k, depth, out);
  }
}

template <int kParts>
void pack_block(const Matmul& p, const MatmulPlan& plan, const Part& part, int64_t block, float* packed) {
  const int64_t of_a = block - pack_blocks_of_b(plan), steps = ceil_div(plan.depth, kStepDepth);
  if (of_a < 0) return pack_amx<kParts>(p, plan, part, block, packed);
  const int64_t tile = of_a / steps, step = of_a % steps, row = tile * kAmxRows;
  if (step * kStepDepth >= part.depth) return;  // the last round may be less deep
  PairWord* const words = reinterpret_cast<PairWord*>(packed) + words_of_b(p, plan) + tile * amx_words(p, plan.depth);
  copy_a<kParts>(p, part, row, min(kAmxRows, p.m - row), step, words);
}

void pack_matmul_amx(const Matmul& p, const MatmulPlan& plan, int64_t round, int64_t block, float* packed) {
  const Part part = part_of(p.n, p.k, plan, round);
  return p.bf16 ? pack_block<1>(p, plan, part, block, packed) : pack_block<3>(p, plan, part, block, packed);
}

/// Some rows of tiles and some panels of a round.
template <int kParts>
struct AmxBlock {
  const Matmul& p;
  const Part& part;
  int64_t column, column_end;
  const PairWord* b;  // of these columns
  int64_t panel_words;
  const PairWord* shared_a;  // all of its copy, or null
  PairWord* own_a;           // else that of a row of tiles

  int64_t steps() const { return ceil_div(part.depth, kStepDepth); }

  /// Of what will be copied for the next row of tiles, `rows` from `row` on, the share of one panel.
  AmxAhead a_ahead(int64_t row, int64_t rows, int64_t panel) const {
    const bool transposed = p.form == Form::TN;
    const int64_t lines = rows <= 0 || shared_a ? 0 : transposed ? kStepDepth : rows;
    const int64_t share = ceil_div(lines, ceil_div(column_end - column, kAmxColumns)), first = panel * share;
    const float* const data = transposed ? p.a + (part.k + first) * p.lda + row : p.a + (row + first) * p.lda + part.k;
    return {data, p.lda, max(0, min(share, lines - first)), transposed ? kStepDepth * p.lda : kStepDepth};
  }

  /// Where the tile below goes.
  AmxAhead c_ahead(int64_t row, int64_t rows, int64_t c) const {
    const int64_t share = ceil_div(max(0, rows), steps());
    return {p.c + row * p.ldc + c, p.ldc, share, share * p.ldc};
  }

  AmxFloats sums_before(float* c, const float* bias) const {
    return p.accumulate || part.k > 0 ? AmxFloats{c, p.ldc} : AmxFloats{const_cast<float*>(bias), 0};
  }

  /// A tile whose registers are not whole, by way of memory that is.
  void multiply_edge(const PairWord* a, const PairWord* panel, int64_t rows, int64_t columns, AmxFloats from, float* c,
                     const AmxAhead& a_ahead, const AmxAhead& c_ahead) const {
    alignas(64) float sums[kAmxRows * kAmxColumns] = {};
    for (int64_t r = 0; r < rows && from.data; ++r) {
      copy_padded(from.data + r * from.stride, columns, sums + r * kAmxColumns);
    }
    const AmxFloats whole = {sums, kAmxColumns};
    multiply_amx_tile<kParts>(a, panel, steps(), rows, columns, whole, whole, a_ahead, c_ahead);
    for (int64_t r = 0; r < rows; ++r) copy_row(sums + r * kAmxColumns, columns, c + r * p.ldc);
  }

  /// A row of tiles.
  void multiply(int64_t row, int64_t rows) const {
    for (int64_t step = 0; !shared_a && step < steps(); ++step) copy_a<kParts>(p, part, row, rows, step, own_a);
    const PairWord* const a = shared_a ? shared_a + row / kAmxRows * panel_words : own_a;
    const int64_t next = row + rows, next_rows = min(kAmxRows, p.m - next);
    for (int64_t c = column, i = 0; c < column_end; c += kAmxColumns, ++i) {
      const int64_t columns = min(kAmxColumns, column_end - c);
      const PairWord* const panel = b + i * panel_words;
      float* const out = p.c + row * p.ldc + c;
      const AmxFloats from = sums_before(out, p.bias ? p.bias + c : nullptr);
      const AmxAhead of_a = a_ahead(next, next_rows, i), of_c = c_ahead(next, next_rows, c);
      if (rows % kLanes == 0 && columns % kLanes == 0) {
        multiply_amx_tile<kParts>(a, panel, steps(), rows, columns, from, {out, p.ldc}, of_a, of_c);
      } else {
        multiply_edge(a, panel, rows, columns, from, out, of_a, of_c);
      }
    }
    if (part.k + part.depth >= p.k) activate_part(p, row, rows, column, column_end - column);
  }
};

template <int kParts>
void multiply_amx(const Matmul& p, const MatmulPlan& plan, const Part& part, int64_t block, const float* packed,
                  float* scratch) {
  const int64_t before = block / plan.row_blocks * plan.block_columns, panel_words = amx_words(p, plan.depth);
  const int64_t column = part.column + before, column_end = min(part.column_end, column + plan.block_columns);
  const int64_t first = block % plan.row_blocks * plan.block_tiles * kAmxRows;
  const int64_t end = min(p.m, first + plan.block_tiles * kAmxRows);
  if (column >= column_end) return;  // the last round may be narrower
  const PairWord* const b = reinterpret_cast<const PairWord*>(packed) + before / kAmxColumns * panel_words;
  const AmxRegisters registers;
  const PairWord* const a = reinterpret_cast<const PairWord*>(packed) + words_of_b(p, plan);
  const AmxBlock<kParts> amx = {
      p, part, column, column_end, b, panel_words, shares_a(plan) ? a : nullptr, reinterpret_cast<PairWord*>(scratch)};
  for (int64_t row = first; row < end; row += kAmxRows) amx.multiply(row, min(kAmxRows, end - row));
}

void matmul_amx(const Matmul& p, const MatmulPlan& plan, int64_t round, int64_t block, const float* packed,
                float* scratch) {
  const Part part = part_of(p.n, p.k, plan, round);
  return p.bf16 ? multiply_amx<1>(p, plan, part, block, packed, scratch)
                : multiply_amx<3>(p, plan, part, block, packed, scratch);
}

}  // namespace
}  // namespace attn::simd
