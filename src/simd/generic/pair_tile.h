#pragma once
// A tile of a product of bfloat16 numbers. Without the instruction for it both numbers of a word become floats, whose
// products are exact, so that the sums are the same but for their rounding.

#include "simd/generic/vector.h"
#include "simd/pair_tile.h"

namespace attn::simd {
namespace {

// Accumulators (rows × 2), two vectors of b and one of a must fit the registers, or, where words are taken apart, twice
// as many of them.
#if ATTN_VECTOR_BYTES == 64
constexpr int kPairRows = 14;
#elif defined(__aarch64__)
constexpr int kPairRows = 8;
#else
constexpr int kPairRows = 4;
#endif
constexpr int kPairVectors = 2;
constexpr int64_t kPairRowWords =
    (kPairRows + kLanes - 1) / kLanes * kLanes;  // of a tile of a, from one pair to the next
constexpr int64_t kPairPanel = kPairVectors * kLanes;

typedef uint32_t WordsInMemory __attribute__((vector_size(ATTN_VECTOR_BYTES), aligned(4), may_alias));

ATTN_INLINE VecWord load_words(const PairWord* p) {
  return *reinterpret_cast<const WordsInMemory*>(p);
}

#if defined(__AVX512BF16__)
typedef VecWord Pairs;
ATTN_INLINE Pairs take_apart(VecWord words) {
  return words;
}
ATTN_INLINE void add_products(Pairs a, Pairs b, Vec& sum) {
  sum = reinterpret_cast<Vec>(
      _mm512_dpbf16_ps(reinterpret_cast<__m512>(sum), reinterpret_cast<__m512bh>(a), reinterpret_cast<__m512bh>(b)));
}
#else
struct Pairs {
  Vec odd, even;
};
ATTN_INLINE Pairs take_apart(VecWord words) {
  return {reinterpret_cast<Vec>(words & broadcast_word(0xFFFF0000u)), reinterpret_cast<Vec>(words << 16)};
}
/// In the order of the instruction.
ATTN_INLINE void add_products(Pairs a, Pairs b, Vec& sum) {
  sum += a.odd * b.odd;
  sum += a.even * b.even;
}
#endif

void multiply_pair_tile(const PairTile& t) {
  Vec sums[kPairRows][kPairVectors] = {};
  const PairWord* a = t.a;
  const PairWord* b = t.b;
  for (int64_t pair = 0; pair < t.pairs; ++pair) {
    Pairs of_b[kPairVectors];
    ATTN_UNROLL
    for (int v = 0; v < kPairVectors; ++v) of_b[v] = take_apart(load_words(b + v * kLanes));
    ATTN_UNROLL
    for (int r = 0; r < kPairRows; ++r) {
      const Pairs of_a = take_apart(broadcast_word(a[r]));
      ATTN_UNROLL
      for (int v = 0; v < kPairVectors; ++v) add_products(of_a, of_b[v], sums[r][v]);
    }
    a += kPairRowWords;
    b += kPairPanel;
  }
  float rows[kPairRows][kPairPanel];  // read again in loops that are not unrolled: the code stays small
  ATTN_UNROLL
  for (int r = 0; r < kPairRows; ++r) {
    ATTN_UNROLL
    for (int v = 0; v < kPairVectors; ++v) store(rows[r] + v * kLanes, sums[r][v]);
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
