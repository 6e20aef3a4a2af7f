#pragma once
// The innermost loop of products of bfloat16 numbers on AVX-512 machines that have an instruction for pairs of 16-bit
// numbers.

#include <stdint.h>

namespace attn::simd {

/// Memory that will be wanted soon, and is fetched meanwhile, a line every few steps.
struct Ahead {
  const float* next = nullptr;
  int64_t stride = 0;  // floats
  int64_t left = 0;
};

/// A word holds two numbers of 16 bits, the one of the even k in its lower half.
typedef uint32_t __attribute__((may_alias)) PairWord;

/// Of k in a block of words.
constexpr int64_t kPairBlock = 128;

/// One tile: c (rows, columns) = a·b [+ bias] [+ c], of at most generic/tile.h's kTileRows and kPanel. Behind every block's
/// rows of words, the last one's too, comes a row of scales (floats) if the format has any.
struct PairTile {
  const PairWord* a;  // (pairs, words of a tile's rows)
  const PairWord* b;  // (pairs, words of a panel)
  int64_t pairs;      // of k
  float* c;
  int64_t ldc;
  int64_t rows, columns;  // that are stored
  const float* bias;      // (columns), or null
  bool add;               // adds to c instead of overwriting it
  Ahead a_ahead;          // a part of what the next rows of a will be copied from
  Ahead c_ahead;          // where the next tile goes: the first of a row's two lines
};

/// How a processor multiplies pairs.
struct PairFormat {
  void (*multiply)(const PairTile&) = nullptr;  // null: not at all
  /// False: the numbers of a word are bfloat16. True: they are whole, at most kMostWhole: bfloat16 numbers as multiples of
  /// a power of two that those of a block and a row of a, or a column of b, have in common. What is less than half of it
  /// is lost, 2^-12 of the largest of them or less, as where a matrix unit aligns products to the largest one; sums within
  /// a block are exact. (Block floating point; with such numbers of 16 bits Das et al. 2018, arXiv:1802.00930, trained as
  /// well as in f32.)
  bool scaled = false;
};

/// The largest bfloat16 number, (2 - 2^-7)·2^11 of its scale: the sum of a block's products is below 2^31.
constexpr int64_t kMostWhole = 4080;
static_assert(kPairBlock * kMostWhole * kMostWhole < int64_t{1} << 31);

}  // namespace attn::simd
