#pragma once
// The innermost loop of products of bfloat16 numbers on AVX-512 machines that have an instruction for it.

#include <stdint.h>

namespace attn::simd {

/// A word holds two bfloat16 numbers, the one of the even k in its lower half.
typedef uint32_t __attribute__((may_alias)) PairWord;

/// One tile: c (rows, columns) = a·b [+ bias] [+ c], of at most generic/tile.h's kTileRows and kPanel.
struct PairTile {
  const PairWord* a;  // (pairs, words of a tile's rows)
  const PairWord* b;  // (pairs, words of a panel)
  int64_t pairs;      // of k
  float* c;
  int64_t ldc;
  int64_t rows, columns;  // that are stored
  const float* bias;      // (columns), or null
  bool add;               // adds to c instead of overwriting it
};

typedef void (*PairTileFunction)(const PairTile&);

}  // namespace attn::simd
