#pragma once
// Products on a matrix unit. Both operands are copied as bfloat16 numbers: b's part of a round by all threads together, or,
// where rows are few, by every block its own columns; a's rows by whoever multiplies them. In bfloat16 that is one number
// for every float, in f32 three. Their exact products are summed in floats, so that errors are those of fused
// multiply-adds, and at most half a last bit of a product more.

#include "simd/generic/activation.h"
#include "simd/generic/amx_tile.h"
#include "simd/generic/rounds.h"

namespace attn::simd {
namespace {

// Of k in a round, and where a is transposed.
constexpr int64_t kMostAmxDepth = 512, kMostTransposedAmxDepth = 384;
constexpr int64_t kMostAmxWords = 320 * 1024;      // of b in a round, in a second-level cache of 2 MB
constexpr int64_t kAmxPackedColumns = 8 * kLanes;  // of b, by one block of packing
constexpr int64_t kFewestAmxFlops = 1 << 20;       // of a block, so that claiming it costs little
constexpr int64_t kMostAmxFlops = 1 << 24;         // of a block, so that many threads find work
// Rows of tiles up to which blocks are of columns, which each copies for itself (see is_apart), and panels of such a block:
// it also copies all rows of a. Small products are a single one: to meet, and to read what another core has copied, takes
// longer than they do.
constexpr int64_t kMostApartTiles = 3, kFewestPanels = 6, kMostAloneFlops = 1 << 22;

ATTN_INLINE int64_t parts_of(const Matmul& p) {
  return p.bf16 ? 1 : 3;
}

/// Words of kAmxRows rows of a, or kAmxColumns columns of b.
ATTN_INLINE int64_t amx_words(const Matmul& p, int64_t depth) {
  return ceil_div(depth, kStepDepth) * parts_of(p) * kPartWords;
}

ATTN_INLINE bool is_alone(const Matmul& p) {
  return 2 * p.m * p.n * p.k <= kMostAloneFlops;
}
/// In f32 there is too much to copy for such a product: uses_amx() leaves it to the vector units.
ATTN_INLINE bool is_apart(const Matmul& p) {
  return p.m <= kMostApartTiles * kAmxRows || is_alone(p);
}

/// Blocks of columns of a product that is_apart.
ATTN_INLINE int64_t apart_blocks(const Matmul& p) {
  const int64_t panels = ceil_div(p.n, kAmxColumns), words = panels * amx_words(p, min(p.k, kMostAmxDepth));
  const int64_t fewest = max(1, ceil_div(words, kMostAmxWords));
  return is_alone(p) ? fewest : max(fewest, min(kWantedBlocks / 2, panels / kFewestPanels));
}

/// Whether the matrix unit takes at most three quarters of the time, by a model in nanoseconds whose numbers fit 900 products
/// measured on a Granite Rapids: multiplying registers, a tile's beginning and end, copying either operand, and fused
/// multiply-adds instead of all that. For less it is not worth it: where another thread works on the same core, products on
/// the unit take 3.3 times as long, fused multiply-adds 1.5 times (both measured on a Sapphire Rapids).
bool uses_amx(const Matmul& p) {
  if (p.b_bytes || p.m <= kLanes || p.n < kLanes || p.k < kLanes) return false;
  if (is_apart(p) && !p.bf16) return false;
  const int64_t copies_of_a = is_apart(p) ? apart_blocks(p) : 1;
  const int64_t rows = ceil_div(p.m, kLanes), columns = ceil_div(p.n, kLanes), steps = ceil_div(p.k, kStepDepth);
  const int64_t multiplying = rows * columns * steps * (p.bf16 ? 10 : 40) + rows * columns * 25 / 2;
  const int64_t of_a = copies_of_a * rows * (p.form == Form::TN ? 160 : 120);
  const int64_t of_b = columns * (p.form == Form::NT ? 160 : 120);
  return (multiplying + steps * (of_a + of_b)) * 4 / 3 < p.m * p.n * p.k / (p.bf16 ? 68 : 88);
}

/// All columns and parts of k in one round.
void plan_amx_apart(const Matmul& p, MatmulPlan& plan) {
  plan.columns = p.n;
  plan.parts = ceil_div(p.k, plan.depth);
  plan.rounds = plan.row_blocks = 1;
  plan.block_tiles = ceil_div(p.m, kAmxRows);
  plan.block_columns = ceil_div(ceil_div(p.n, kAmxColumns), apart_blocks(p)) * kAmxColumns;
  plan.blocks = ceil_div(p.n, plan.block_columns);
  plan.scratch = (plan.block_columns / kAmxColumns + 1) * amx_words(p, plan.depth);
}

/// Rounds whose columns of b are copied first, and blocks of whole rows of tiles, each of which copies its rows of a.
void plan_amx_rounds(const Matmul& p, MatmulPlan& plan) {
  const int64_t panels = ceil_div(p.n, kAmxColumns), most_panels = max(1, kMostAmxWords / amx_words(p, plan.depth));
  plan.columns = min(p.n, ceil_div(panels, ceil_div(panels, most_panels)) * kAmxColumns);
  plan.parts = plan.rounds = ceil_div(p.n, plan.columns) * ceil_div(p.k, plan.depth);
  const int64_t tiles = ceil_div(p.m, kAmxRows), round_panels = ceil_div(plan.columns, kAmxColumns);
  const int64_t flops = 2 * p.m * plan.columns * plan.depth;
  const int64_t wanted = max(1, min(flops / kFewestAmxFlops, max(kWantedBlocks, flops / kMostAmxFlops)));
  plan.block_tiles = ceil_div(tiles, wanted);
  plan.block_columns = round_panels * kAmxColumns;
  plan.row_blocks = plan.blocks = ceil_div(tiles, plan.block_tiles);
  plan.pack_blocks = ceil_div(plan.depth, kStepDepth) * ceil_div(plan.columns, kAmxPackedColumns);
  plan.packed = round_panels * amx_words(p, plan.depth);
  plan.scratch = amx_words(p, plan.depth);
}

MatmulPlan plan_amx(const Matmul& p) {
  MatmulPlan plan = {};
  plan.method = MatmulMethod::amx;
  plan.depth = p.k;
  split_depth(p, p.form == Form::TN ? kMostTransposedAmxDepth : kMostAmxDepth, kStepDepth, plan);
  if (is_apart(p)) {
    plan_amx_apart(p, plan);
  } else {
    plan_amx_rounds(p, plan);
  }
  return plan;
}

/// Fetches a step of kLanes lines.
ATTN_INLINE void fetch_lines(const Lines& source, int64_t line, int64_t k, int64_t depth) {
  const int64_t rows = depth <= 0 ? 0 : source.are_rows ? kLanes : depth;
  for (int64_t i = 0; i < rows; ++i) {
    const float* const row = source.are_rows ? source.at(line + i, k) : source.at(line, k + i);
    __builtin_prefetch(row, 0, 2);
    if (source.are_rows) __builtin_prefetch(row + kLanes, 0, 2);
  }
}

/// b's columns [column, column_end) of a step of a part whose panels begin at `panels`. Meanwhile what will be copied next,
/// from next_column and next_step on, is fetched.
template <int kParts>
void copy_b(const Matmul& p, const Part& part, int64_t step, int64_t column, int64_t column_end, int64_t next_step,
            int64_t next_column, int64_t panel_words, PairWord* panels) {
  const Lines b = {p.b, p.ldb, p.form == Form::NT};
  const int64_t k = step * kStepDepth, next_k = next_step * kStepDepth;
  for (int64_t c = column; c < column_end; c += kLanes) {
    const int64_t at = c - part.column;
    PairWord* const out =
        panels + at / kAmxColumns * panel_words + step * kParts * kPartWords + at % kAmxColumns * kLanes;
    fetch_lines(b, next_column + c - column, part.k + next_k, min(kStepDepth, part.depth - next_k));
    pack_lines<kParts>(b, true, c, min(kLanes, column_end - c), part.k + k, min(kStepDepth, part.depth - k), out);
  }
}

/// A block of packing: a step of some columns; the next one is of the columns beside them, as memory is.
template <int kParts>
void pack_amx(const Matmul& p, const MatmulPlan& plan, const Part& part, int64_t block, float* packed) {
  const int64_t groups = ceil_div(plan.columns, kAmxPackedColumns);
  const int64_t step = block / groups, column = part.column + block % groups * kAmxPackedColumns;
  const int64_t next_step = (block + 1) / groups, next_column = part.column + (block + 1) % groups * kAmxPackedColumns;
  if (step * kStepDepth >= part.depth) return;  // the last round may be less deep
  copy_b<kParts>(p, part, step, column, min(part.column_end, column + kAmxPackedColumns), next_step, next_column,
                 amx_words(p, plan.depth), reinterpret_cast<PairWord*>(packed));
}

void pack_matmul_amx(const Matmul& p, const MatmulPlan& plan, int64_t round, int64_t block, float* packed) {
  const Part part = part_of(p.n, p.k, plan, round);
  return p.bf16 ? pack_amx<1>(p, plan, part, block, packed) : pack_amx<3>(p, plan, part, block, packed);
}

/// Some rows of tiles and all panels of a part.
template <int kParts>
struct AmxBlock {
  const Matmul& p;
  const Part& part;
  const PairWord* b;  // of the part
  int64_t panel_words;
  PairWord* a;  // a row of tiles

  int64_t steps() const { return ceil_div(part.depth, kStepDepth); }

  void copy_a(int64_t row, int64_t rows) const {
    const Lines source = {p.a, p.lda, p.form != Form::TN};
    for (int64_t step = 0; step < steps(); ++step) {
      const int64_t k = step * kStepDepth, depth = min(kStepDepth, part.depth - k);
      for (int64_t r = 0; r < rows; r += kLanes) {
        PairWord* const out = a + step * kParts * kPartWords + r * kLanes;
        pack_lines<kParts>(source, false, row + r, min(kLanes, rows - r), part.k + k, depth, out);
      }
    }
  }

  /// Of what will be copied for the next row of tiles, `rows` from `row` on, the share of one panel.
  AmxAhead a_ahead(int64_t row, int64_t rows, int64_t panel) const {
    const bool transposed = p.form == Form::TN;
    const int64_t lines = rows <= 0 ? 0 : transposed ? kStepDepth : rows;
    const int64_t share = ceil_div(lines, ceil_div(part.column_end - part.column, kAmxColumns)), first = panel * share;
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
  void multiply_edge(const PairWord* panel, int64_t rows, int64_t columns, AmxFloats from, float* c,
                     const AmxAhead& a_ahead, const AmxAhead& c_ahead) const {
    alignas(64) float sums[kAmxRows * kAmxColumns] = {};
    for (int64_t r = 0; r < rows && from.data; ++r) {
      copy_padded(from.data + r * from.stride, columns, sums + r * kAmxColumns);
    }
    const AmxFloats whole = {sums, kAmxColumns};
    multiply_amx_tile<kParts>(a, panel, steps(), rows, columns, whole, whole, a_ahead, c_ahead);
    for (int64_t r = 0; r < rows; ++r) copy_row(sums + r * kAmxColumns, columns, c + r * p.ldc);
  }

  /// Rows [begin, end), from the first of a tile on.
  void run(int64_t begin, int64_t end) const {
    const AmxRegisters registers;
    for (int64_t row = begin; row < end; row += kAmxRows) multiply(row, min(kAmxRows, end - row));
  }

  /// A row of tiles.
  void multiply(int64_t row, int64_t rows) const {
    copy_a(row, rows);
    const int64_t next = row + rows, next_rows = min(kAmxRows, p.m - next);
    for (int64_t c = part.column, i = 0; c < part.column_end; c += kAmxColumns, ++i) {
      const int64_t columns = min(kAmxColumns, part.column_end - c);
      const PairWord* const panel = b + i * panel_words;
      float* const out = p.c + row * p.ldc + c;
      const AmxFloats from = sums_before(out, p.bias ? p.bias + c : nullptr);
      const AmxAhead of_a = a_ahead(next, next_rows, i), of_c = c_ahead(next, next_rows, c);
      if (rows % kLanes == 0 && columns % kLanes == 0) {
        multiply_amx_tile<kParts>(a, panel, steps(), rows, columns, from, {out, p.ldc}, of_a, of_c);
      } else {
        multiply_edge(panel, rows, columns, from, out, of_a, of_c);
      }
    }
    if (part.k + part.depth >= p.k) activate_part(p, row, rows, part.column, part.column_end - part.column);
  }
};

/// A block of a round, whose columns of b are in `packed`.
template <int kParts>
void multiply_amx(const Matmul& p, const MatmulPlan& plan, int64_t round, int64_t block, const float* packed,
                  float* scratch) {
  const Part part = part_of(p.n, p.k, plan, round);
  const AmxBlock<kParts> amx = {.p = p,
                                .part = part,
                                .b = reinterpret_cast<const PairWord*>(packed),
                                .panel_words = amx_words(p, plan.depth),
                                .a = reinterpret_cast<PairWord*>(scratch)};
  const int64_t rows = plan.block_tiles * kAmxRows;
  amx.run(block * rows, min(p.m, (block + 1) * rows));
}

/// A block of all rows and some columns, which it copies itself.
void multiply_amx_apart(const Matmul& p, const MatmulPlan& plan, int64_t block, float* scratch) {
  const int64_t panel_words = amx_words(p, plan.depth), column = block * plan.block_columns;
  PairWord* const a = reinterpret_cast<PairWord*>(scratch);
  PairWord* const b = a + panel_words;
  for (int64_t i = 0; i < plan.parts; ++i) {
    Part part = part_of(p.n, p.k, plan, i);
    part.column = column;
    part.column_end = min(p.n, column + plan.block_columns);
    const AmxBlock<1> amx = {p, part, b, panel_words, a};
    for (int64_t step = 0; step < amx.steps(); ++step) {
      copy_b<1>(p, part, step, column, part.column_end, step + 1, column, panel_words, b);
    }
    amx.run(0, p.m);
  }
}

void matmul_amx(const Matmul& p, const MatmulPlan& plan, int64_t round, int64_t block, const float* packed,
                float* scratch) {
  if (is_apart(p)) return multiply_amx_apart(p, plan, block, scratch);
  return p.bf16 ? multiply_amx<1>(p, plan, round, block, packed, scratch)
                : multiply_amx<3>(p, plan, round, block, packed, scratch);
}

}  // namespace
}  // namespace attn::simd
