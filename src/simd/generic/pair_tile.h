#pragma once
// A tile of a product of bfloat16 numbers, by the instruction that adds the products of two pairs at once.

#include "simd/generic/tile.h"
#include "simd/pair_tile.h"

namespace attn::simd {
namespace {

ATTN_INLINE __m512bh load_pairs(const PairWord* p) {
  return reinterpret_cast<__m512bh>(_mm512_loadu_si512(p));
}
ATTN_INLINE __m512bh broadcast_pair(PairWord word) {
  return reinterpret_cast<__m512bh>(broadcast_word(word));
}
ATTN_INLINE void add_products(__m512bh a, __m512bh b, Vec& sum) {
  sum = reinterpret_cast<Vec>(_mm512_dpbf16_ps(reinterpret_cast<__m512>(sum), a, b));
}

void multiply_pair_tile(const PairTile& t) {
  Vec sums[kTileRows][kTileVectors] = {};
  const PairWord* a = t.a;
  const PairWord* b = t.b;
  for (int64_t pair = 0; pair < t.pairs; ++pair) {
    __m512bh of_b[kTileVectors];
    ATTN_UNROLL
    for (int v = 0; v < kTileVectors; ++v) of_b[v] = load_pairs(b + v * kLanes);
    ATTN_UNROLL
    for (int r = 0; r < kTileRows; ++r) {
      ATTN_UNROLL
      for (int v = 0; v < kTileVectors; ++v) add_products(broadcast_pair(a[r]), of_b[v], sums[r][v]);
    }
    a += kCopiedRows;
    b += kPanel;
  }
  float rows[kTileRows][kPanel];  // read again in loops that are not unrolled: the code stays small
  ATTN_UNROLL
  for (int r = 0; r < kTileRows; ++r) {
    ATTN_UNROLL
    for (int v = 0; v < kTileVectors; ++v) store(rows[r] + v * kLanes, sums[r][v]);
  }
  for (int64_t r = 0; r < t.rows; ++r) {
    float* c = t.c + r * t.ldc;
    for_each_vector(0, t.columns, [&](int64_t i, auto lanes) {
      Vec sum = load(rows[r] + i);
      if (t.bias) sum += load(t.bias + i, lanes);
      if (t.add) sum += load(c + i, lanes);
      store(c + i, sum, lanes);
    });
  }
}

}  // namespace
}  // namespace attn::simd
