#pragma once
// How a matrix product is cut into rounds, blocks, tiles and copies: from its form, sizes and leading dimensions, and from
// whether one thread computes all of it. What an element is the sum of, and in which order, does not depend on the latter.

#include "simd/generic/dots.h"
#include "simd/generic/pack_pairs.h"
#include "simd/generic/rounds.h"
#include "simd/generic/tile.h"
#include "simd/kernels.h"

namespace attn::simd {
namespace {

// Floats of b in a round: half of the second-level cache of 2 MB that comes with AVX-512; elsewhere that cache is
// small, rounds would be many, and b does as well streaming from the third level.
constexpr int64_t kMostPacked = (kNarrowTiles ? 1024 : 256) * 1024;
// A thread alone, which waits for nobody between rounds, fares better with parts of b that do stay near, unless a is copied for
// each, or k so deep that a part has few columns, and a is read for many (1024 x 1536 x 384 NT and NN 1.1 times as fast,
// 4096 x 1536 x 384 1.03).
constexpr int64_t kMostPackedNear = 96 * 1024, kMostDepthNear = 384;
// The same of a block that copies its columns for itself, beside a's rows; and of these at most so many, and for every panel.
constexpr int64_t kMostPackedApart = (kNarrowTiles ? 64 : 192) * 1024;
constexpr int64_t kMostApartRows = 512, kMostRowsOfPanel = 128;
// Of k in a round, so that a tile's rows of a stay in the first-level cache. Narrow tiles read them as fast from the second,
// and each round less spares them reading and writing all of c (768 x 512 x 512 NT 1.05 times as fast as in rounds of 384,
// 4096 x 384 x 1536 1.05-1.1).
constexpr int64_t kMostDepth = kNarrowTiles ? 1536 : 768;
// The same where rows are few.
constexpr int64_t kMostDepthOfFew = kNarrowTiles ? 512 : 768;
constexpr int64_t kMostTransposedDepth = kNarrowTiles ? 512 : 384;  // the same, where they lie apart
// The same, where they are copied: the less deep a round, the more columns it has, and the fewer rounds copy them again.
constexpr int64_t kMostCopiedDepth = kNarrowTiles ? 1024 : 256;
// The same of a transposed a: 256 rows 4 KB apart would fill half of the second-level cache's ways in the sets they lie in,
// while b's copy fills the other half.
constexpr int64_t kMostCopiedTransposedDepth = kNarrowTiles ? 512 : 208;
// Floats from the first to the last of the rows that tiles read where they lie, and from one row to the next: copies_a and
// copies_b say which limit is whose.
constexpr int64_t kMostInPlace = 64 * 1024, kNearby = 12 * 1024, kMostStride = 128;
// The same in words of two numbers, which take half the room. Rounds of whole columns spare a's rows further copies.
constexpr int64_t kMostPairDepth = 512, kMostPackedWords = 384 * 1024;
// Floats of b that up to so many rows of a read in place, or so few if b's rows compete for the same cache lines.
constexpr int64_t kMostBInPlace = 1 << 18, kMostRowsInPlace = 1024, kMostRowsCompeting = 384;
constexpr int64_t kMostNear = 1 << 19;     // floats of b that the second-level cache holds
constexpr int64_t kMostFewRows = 1 << 20;  // floats of b that two tiles read in place: its pages are many
constexpr int64_t kFewestFlops = 1 << 19;  // of a block, so that claiming it costs little
constexpr int64_t kPackedRows = 32;        // of b, by one block of packing
constexpr int64_t kMostFlops = 1 << 23;    // of a block, so that many threads find work
// Floats of a, and of its rows, that narrow tiles fetch ahead.
constexpr int64_t kFewestFar = 1 << 17, kMostShortRow = 1024;
// Floats of a that a block copies before it multiplies them, or one tile.
constexpr int64_t kMostCopied = (kNarrowTiles ? 64 : 32) * 1024;
// Floats from one row of a transposed a to the next, and columns of b, from which on a is copied while tiles compute: more at
// a time than kMostCopied, as long pieces of rows come sooner.
constexpr int64_t kFewestFarApart = 4096, kFewestColumnsAhead = 128;
constexpr int64_t kMostCopiedAhead = 64 * 1024;
// Blocks for several threads: cores that others use too are not equally fast, and whoever is done first waits for less of the
// last one. Wide tiles fetch ahead within a block only (with AVX2 on two threads, 256^3 TN takes 0.96 of the time that it
// takes in 8 blocks, larger products 0.97-1.0).
constexpr int64_t kSharedBlocks = kNarrowTiles ? 16 : kWantedBlocks;
// Where columns of a are copied in such long pieces, blocks are larger than kMostFlops allows, though that leaves fewer of them to
// many threads: each is as wide a piece of a's rows, and begins with copies that nothing hides (with AVX2, 1152 x 384 x 1024
// TN is 1.15 times as fast on one thread, 1.05 on two). Nobody waits for the last block of a thread alone.
constexpr int64_t kMostFlopsCopying = 1 << (kNarrowTiles ? 25 : 26), kMostFlopsCopyingAlone = 1 << 26;
// Floats of b, and rows of a, from which on blocks of a product whose b is not transposed have half of the columns: each of
// two threads then reads what it has copied itself, not what another core has written (1024^3 1.01-1.02 times). Narrow tiles
// gain nothing, and lose where a is copied for each half (1024^3 TN 1.1 times as fast without on one thread, 1.02 on two).
constexpr int64_t kFewestToHalve = 192 * 1024, kFewestRowsToHalve = 256;

constexpr int64_t kFewestDotDepth = 128 / kLanes;  // of k, for every row of a, that dots of more than kDotRows want
constexpr int64_t kMostDotDepth = 512;             // of k at a time, so that rows of a stay in the first-level cache
constexpr int64_t kMostAlone = kLanes / 4;         // columns that no tile computes

/// Columns that tiles compute: not the last ones where these are so few that they fare better alone.
ATTN_INLINE int64_t tiled_columns(const Matmul& p) {
  const int64_t rest = p.n % kLanes;
  return p.n < kLanes || rest > kMostAlone || p.bf16 || p.b_bytes ? p.n : p.n - rest;
}

/// Copies are what is rounded to bfloat16, and rows whose distance is a multiple of 4 KB compete for the same cache lines.
ATTN_INLINE bool must_copy_a(const Matmul& p) {
  return p.bf16 || p.lda % 1024 == 0;
}

/// Whether columns of a are copied while tiles compute, a piece of a row every few steps: rows so far apart compete for so few
/// lines of the caches that they cannot be fetched long before they are copied. Nearer ones gain nothing. With few columns
/// most copies would not be done in time, and few rows are soon copied. Narrow tiles take so many turns that what they do
/// beside costs more than it saves (0.86-1.1 times as fast, mostly less).
ATTN_INLINE bool copies_ahead(const Matmul& p) {
  return !kNarrowTiles && p.form == Form::TN && !p.bf16 && p.lda % 1024 == 0 && p.lda >= kFewestFarApart &&
         p.n >= kFewestColumnsAhead && p.m > kMostApartRows;
}

/// Whether tiles fetch what the next ones, or copies, want of a. For narrow tiles that costs more than it saves unless a is
/// larger than the second-level cache, in rows so short that the hardware does not find out in time (4096 x 384 x 384 NT would
/// take 1.17 times as long).
ATTN_INLINE bool fetches_a(const Matmul& p) {
  if (kNarrowTiles) return p.form != Form::TN && p.m * p.lda >= kFewestFar && p.k <= kMostShortRow;
  return !copies_ahead(p);
}

/// In a round of that depth. Transposed rows may lie far apart, and a narrow tile would fetch each of their lines for a few
/// floats.
ATTN_INLINE bool copies_a(const Matmul& p, int64_t depth) {
  if (must_copy_a(p)) return true;
  return p.form == Form::TN && kNarrowTiles && depth * p.lda > (p.lda > kMostStride ? kNearby : kMostInPlace);
}

ATTN_INLINE int64_t most_depth(const Matmul& p) {
  if (p.form == Form::TN) return must_copy_a(p) ? kMostCopiedTransposedDepth : kMostTransposedDepth;
  return must_copy_a(p) ? kMostCopiedDepth : kMostDepth;
}

/// Floats from one row of a copied tile to the next, where a is not transposed: not a multiple of 4 KB.
ATTN_INLINE int64_t copied_row_stride(int64_t depth) {
  return depth % 1024 == 0 ? depth + 16 : depth;
}
/// Floats of a copied tile, and the same from one of a block's copied tiles, or from one of b's panels, to the next.
ATTN_INLINE int64_t tile_floats(int64_t depth) {
  return copied_row_stride(depth) * kCopiedRows;
}
ATTN_INLINE int64_t tile_stride(const MatmulPlan& plan) {
  return tile_floats(plan.depth) + 16;
}
ATTN_INLINE int64_t panel_stride(const MatmulPlan& plan) {
  return plan.depth * kPanel + 16;
}

/// Whether tiles read copied panels of b.
ATTN_INLINE bool is_packed(const MatmulPlan& plan) {
  return plan.method == MatmulMethod::packed || plan.method == MatmulMethod::packed_apart;
}

/// Blocks of whole tiles of rows, and, if these are few, or for `halves`, of some panels only.
void plan_blocks(const Matmul& p, MatmulPlan& plan, bool halves = false) {
  const int64_t tiles = ceil_div(p.m, kTileRows), panels = ceil_div(plan.columns, kPanel);
  const int64_t flops = 2 * p.m * plan.columns * plan.depth;
  plan.block_tiles = tiles;
  plan.block_columns = panels * kPanel;
  plan.row_blocks = plan.blocks = 1;
  if (flops < 2 * kFewestFlops) return;
  const bool copies_columns = p.form == Form::TN && (kNarrowTiles ? copies_a(p, plan.depth) : copies_ahead(p));
  const int64_t most = !copies_columns ? kMostFlops : p.alone ? kMostFlopsCopyingAlone : kMostFlopsCopying;
  const int64_t fewest = p.alone ? kWantedBlocks : kSharedBlocks;
  const int64_t wanted = min(flops / kFewestFlops, max(fewest, flops / most));
  plan.block_tiles = ceil_div(tiles, halves ? ceil_div(wanted, 2) : wanted);
  plan.row_blocks = ceil_div(tiles, plan.block_tiles);
  const int64_t column_blocks = min(panels, halves ? 2 : ceil_div(wanted, plan.row_blocks));
  plan.block_columns = ceil_div(panels, column_blocks) * kPanel;
  plan.blocks = plan.row_blocks * ceil_div(plan.columns, plan.block_columns);
}

/// Whether rows of a are so few, and b's so long, that dots of them cost less than to transpose b. Bytes are read anew for
/// every row of a.
ATTN_INLINE bool uses_dots(const Matmul& p) {
  if (p.form != Form::NT || p.bf16) return false;
  return p.m <= kDotRows || (!p.b_bytes && p.m <= kLanes && p.k >= kFewestDotDepth * p.m);
}

/// One block of what hardly pays to share.
void plan_dots(const Matmul& p, MatmulPlan& plan) {
  const int64_t flops = 2 * p.m * p.n * p.k, vectors = ceil_div(p.n, kLanes);
  const int64_t most = flops < 2 * kFewestFlops ? 1 : flops / (kFewestFlops / 8);
  plan.method = MatmulMethod::dots;
  if (p.m > kDotRows) split_depth(p, kMostDotDepth, 8, plan);
  if (plan.depth < p.k) plan.parts = ceil_div(p.k, plan.depth);
  plan.block_tiles = plan.row_blocks = 1;
  plan.block_columns = ceil_div(vectors, min(vectors, most)) * kLanes;
  plan.blocks = ceil_div(p.n, plan.block_columns);
}

/// Room for the tiles of a that a block copies, beside what its scratch holds already: one, whose rows are fetched while the
/// tile before is computed, a row a panel; of a transposed a several, so that rows of memory are read in longer pieces. Where
/// these are copied ahead, one group of them is read while the other is filled; a group is at most a quarter of the block's
/// tiles, as its first is copied before anything is computed.
void plan_copies_of_a(const Matmul& p, MatmulPlan& plan) {
  if (!copies_a(p, plan.depth)) return;
  plan.copied_tiles = 1;
  if (copies_ahead(p)) {
    plan.copied_tiles = max(1, min(plan.block_tiles / 4, kMostCopiedAhead / tile_stride(plan)));
  } else if (p.form == Form::TN) {
    plan.copied_tiles = max(1, min(plan.block_tiles, kMostCopied / tile_stride(plan)));
  }
  plan.scratch += (copies_ahead(p) ? 2 : 1) * plan.copied_tiles * tile_stride(plan);
}

/// Rows of b that are not too far apart are as good in place as copied, if all of their vectors are whole and b stays in the
/// second-level cache: from further away a copy comes in order. Narrow tiles read each row more often. What takes half of
/// that cache is better in place until many rows of a have paid for the copy, unless a transposed a competes for the first
/// level.
ATTN_INLINE bool copies_b(const Matmul& p) {
  if (p.bf16 || p.form == Form::NT || tiled_columns(p) % kLanes != 0) return true;
  const int64_t size = p.k * p.ldb;
  if (kNarrowTiles) return size > kNearby;
  const int64_t most_rows = p.ldb % 1024 == 0 ? kMostRowsCompeting : kMostRowsInPlace;
  if (p.form == Form::NN && size <= kMostBInPlace && p.m <= most_rows) return false;
  return size > kMostNear || (p.ldb > kMostStride && size > kMostInPlace);
}

void plan_tiles(const Matmul& p, MatmulPlan& plan) {
  split_depth(p, most_depth(p), 8, plan);
  const int64_t n = tiled_columns(p), panels = ceil_div(n, kPanel);
  const bool near = kNarrowTiles && p.alone && p.k <= kMostDepthNear && !copies_a(p, plan.depth);
  const int64_t most_panels = max(1, (near ? kMostPackedNear : kMostPacked) / (max(1, plan.depth) * kPanel));
  plan.columns = min(n, ceil_div(panels, ceil_div(panels, most_panels)) * kPanel);
  plan.parts = ceil_div(n, plan.columns) * max(1, ceil_div(p.k, max(1, plan.depth)));
  plan_blocks(
      p, plan,
      !kNarrowTiles && p.form != Form::NT && copies_b(p) && p.m >= kFewestRowsToHalve && p.k * n >= kFewestToHalve);
  plan_copies_of_a(p, plan);
  if (!copies_b(p)) return;
  plan.method = MatmulMethod::packed;
  plan.rounds = plan.parts;
  plan.pack_blocks = p.form == Form::NT
                         ? ceil_div(plan.columns, kPanel)
                         : ceil_div(plan.depth, kPackedRows) * ceil_div(plan.columns, plan.block_columns);
  plan.packed = ceil_div(plan.columns, kPanel) * panel_stride(plan);
}

/// Whether blocks copy b's columns for themselves: nobody waits, and nobody reads what another core has written, which takes
/// long where rows are so few that copying is much of the work. There must be panels enough for some threads, and where rows
/// of a are copied too, every block does so.
ATTN_INLINE bool packs_apart(const Matmul& p) {
  const int64_t panels = tiled_columns(p) / kPanel;
  const int64_t most_rows = copies_a(p, min(p.k, most_depth(p))) ? kMostRowsOfPanel : kMostApartRows;
  return panels >= 2 && p.m <= min(most_rows, panels * kMostRowsOfPanel) && !p.bf16 && copies_b(p);
}

/// Every block reads all of a. A narrow tile's row of panels takes so little time that one thread is better off with a single
/// block (128^3 NT and NN 1.2-1.4 times as fast, operands in the third level).
ATTN_INLINE int64_t most_blocks_apart(const Matmul& p) {
  return kNarrowTiles && p.alone ? 1 : kWantedBlocks;
}

void plan_apart(const Matmul& p, MatmulPlan& plan) {
  split_depth(p, min(most_depth(p), kMostDepthOfFew), 8, plan);
  plan.method = MatmulMethod::packed_apart;
  plan.columns = tiled_columns(p);
  if (p.k > plan.depth) plan.parts = ceil_div(p.k, plan.depth);
  const int64_t panels = ceil_div(plan.columns, kPanel);
  const int64_t wanted = min(2 * p.m * plan.columns * p.k / kFewestFlops, most_blocks_apart(p));
  const int64_t most_panels = max(1, kMostPackedApart / (max(1, plan.depth) * kPanel));
  const int64_t block_panels = min(most_panels, ceil_div(panels, max(1, min(panels, wanted))));
  plan.row_blocks = 1;
  plan.block_tiles = ceil_div(p.m, kTileRows);
  plan.block_columns = block_panels * kPanel;
  plan.blocks = ceil_div(panels, block_panels);
  plan.scratch = block_panels * panel_stride(plan);
  plan_copies_of_a(p, plan);
}

/// Whether rows are so few that copying all of b would not pay: one tile reads it once, and two unless it is large.
ATTN_INLINE bool has_few_rows(const Matmul& p) {
  return p.m <= kTileRows || (p.m <= 2 * kTileRows && p.k * p.ldb <= kMostFewRows);
}

void plan_in_place(const Matmul& p, MatmulPlan& plan) {
  split_depth(p, kMostDepthOfFew, 8, plan);
  plan.columns = tiled_columns(p);
  if (p.k > plan.depth) plan.parts = ceil_div(p.k, plan.depth);
  plan.scratch = plan.depth * kPanel;
  plan_blocks(p, plan);
}

/// A last panel of no whole vectors is copied, unless tiles read it under a mask.
ATTN_INLINE bool copies_last_panel(const Matmul& p) {
  const int64_t rest = tiled_columns(p) % kPanel;
  return rest % kLanes != 0 && !(kMasksLoads && rest < kLanes);
}

/// Whether a product is too small to be cut, and so small that its operands are read, and b transposed, in the first-level
/// cache.
ATTN_INLINE bool is_small(const Matmul& p) {
  return p.m * p.n * p.k < kFewestFlops && p.k <= kMostTransposedDepth &&
         (p.form == Form::NT ? p.n * p.k : p.k * p.ldb) <= kNearby && !p.bf16 && !copies_a(p, p.k);
}

void plan_small(const Matmul& p, MatmulPlan& plan) {
  plan.method = MatmulMethod::small;
  plan.blocks = 1;
  plan.scratch = p.form == Form::NT     ? ceil_div(p.n, kPanel) * panel_stride(plan)
                 : copies_last_panel(p) ? p.k * kPanel
                                        : 0;
}

/// Words from one of b's panels to the next: not a multiple of 4 KB.
ATTN_INLINE int64_t pair_panel_stride(const MatmulPlan& plan) {
  return pair_words(plan.depth, plan.pairs.scaled, kPanel) + 16;
}

/// Of a product in bfloat16: both operands are copied as words. Rounds are whole blocks of words.
ATTN_INLINE MatmulPlan plan_pairs(const Matmul& p, PairFormat format) {
  MatmulPlan plan = {};
  if (p.m == 0 || p.n == 0) return plan;
  plan.method = MatmulMethod::packed;
  plan.pairs = format;
  plan.depth = p.k;
  split_depth(p, kMostPairDepth, kPairBlock, plan);
  const int64_t panels = ceil_div(p.n, kPanel);
  const int64_t most_panels = max(1, kMostPackedWords / pair_panel_stride(plan));
  plan.columns = min(p.n, ceil_div(panels, ceil_div(panels, most_panels)) * kPanel);
  plan.parts = plan.rounds = ceil_div(p.n, plan.columns) * max(1, ceil_div(p.k, max(1, plan.depth)));
  plan_blocks(p, plan);
  plan.pack_blocks = ceil_div(plan.depth, kPairBlock) * ceil_div(plan.columns, kMostPairColumns);
  plan.packed = ceil_div(plan.columns, kPanel) * pair_panel_stride(plan);
  plan.scratch = pair_words(plan.depth, format.scaled, kCopiedRows);
  return plan;
}

MatmulPlan plan_matmul(const Matmul& p) {
  MatmulPlan plan = {};
  if (p.m == 0 || p.n == 0) return plan;
  plan.depth = p.k;
  plan.columns = p.n;
  plan.method = MatmulMethod::in_place;
  plan.rounds = plan.parts = 1;
  if (uses_dots(p)) {
    plan_dots(p, plan);
  } else if (is_small(p)) {
    plan_small(p, plan);
  } else if (p.form != Form::NT && !p.bf16 && has_few_rows(p)) {
    plan_in_place(p, plan);
  } else if (packs_apart(p)) {
    plan_apart(p, plan);
  } else {
    plan_tiles(p, plan);
  }
  return plan;
}

}  // namespace
}  // namespace attn::simd
