#pragma once
// A tile of a product of pairs of 16-bit numbers, by an instruction that adds the products of two pairs at once.

#include "simd/generic/tile.h"
#include "simd/pair_tile.h"

namespace attn::simd {
namespace {

ATTN_INLINE __m512i load_words(const PairWord* p) {
  return _mm512_loadu_si512(p);
}

template <class Product>
ATTN_INLINE void add_pair(const PairWord* a, const PairWord* b,
                          typename Product::Sum (&sums)[kTileRows][kTileVectors]) {
  __m512i of_b[kTileVectors];
  ATTN_UNROLL
  for (int v = 0; v < kTileVectors; ++v) of_b[v] = load_words(b + v * kLanes);
  ATTN_UNROLL
  for (int r = 0; r < kTileRows; ++r) {
    const auto of_a = reinterpret_cast<__m512i>(broadcast_word(a[r]));
    ATTN_UNROLL
    for (int v = 0; v < kTileVectors; ++v) Product::add(of_a, of_b[v], sums[r][v]);
  }
}

/// `Product` says what its sums are, adds to them, and makes floats of them with the scales of a and b, where it has any.
template <class Product>
void multiply_pair_tile(const PairTile& t) {
  constexpr int kUnrolled = 4;
  float rows[kTileRows][kPanel] = {};  // read again in loops that are not unrolled: the code stays small
  const PairWord* a = t.a;
  const PairWord* b = t.b;
  Ahead a_ahead = t.a_ahead, c_ahead = t.c_ahead;
  const int64_t block = Product::kScaled ? kPairBlock / 2 : t.pairs;
  for (int64_t first = 0; first < t.pairs; first += block) {
    typename Product::Sum sums[kTileRows][kTileVectors] = {};
    int64_t pair = min(block, t.pairs - first);
    for (; pair >= kUnrolled; pair -= kUnrolled) {
      ATTN_UNROLL
      for (int u = 0; u < kUnrolled; ++u) add_pair<Product>(a + u * kCopiedRows, b + u * kPanel, sums);
      a += kUnrolled * kCopiedRows;
      b += kUnrolled * kPanel;
      fetch<kTileVectors>(c_ahead);
      fetch<1>(a_ahead);
    }
    ATTN_KEEP_LOOP
    for (; pair > 0; --pair) {
      add_pair<Product>(a, b, sums);
      a += kCopiedRows;
      b += kPanel;
    }
    ATTN_UNROLL
    for (int v = 0; v < kTileVectors; ++v) {
      ATTN_UNROLL
      for (int r = 0; r < kTileRows; ++r) {
        float* const row = rows[r] + v * kLanes;
        store(row, load(row) + Product::scaled(sums[r][v], a + r, b + v * kLanes));
      }
    }
    if (Product::kScaled) {
      a += kCopiedRows;
      b += kPanel;
    }
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
