#pragma once
// Copies of matrix parts as words of two bfloat16 numbers, those of k and k + 1, in the order in which tiles read them: a
// row of words for every two k. Where k is odd, the last number is 0; so are columns beyond the last.

#include "simd/generic/bf16.h"
#include "simd/pair_tile.h"

namespace attn::simd {
namespace {

typedef uint32_t WordsInMemory __attribute__((vector_size(ATTN_VECTOR_BYTES), aligned(4), may_alias));

ATTN_INLINE VecWord pair_words(Vec even, Vec odd) {
  return (to_bf16(even) >> 16) | to_bf16(odd);
}
ATTN_INLINE void store_words(PairWord* p, VecWord words) {
  *reinterpret_cast<WordsInMemory*>(p) = words;
}

/// The next `count` floats, at most a vector; 0 beyond.
ATTN_INLINE Vec load_some(const float* p, int64_t count) {
  return count >= kLanes ? load(p) : count > 0 ? load(p, First{count}) : Vec{};
}

/// out (⌈depth/2⌉, width) from source (depth, columns): its rows are those of k. Columns become whole vectors, `width` of
/// words.
ATTN_ONE_COPY void pack_pair_rows(const float* source, int64_t ld, int64_t depth, int64_t columns, PairWord* out,
                                  int64_t width) {
  for (int64_t k = 0; k < depth; k += 2, out += width) {
    const float* even = source + k * ld;
    const bool has_odd = k + 1 < depth;
    for (int64_t i = 0; i < width; i += kLanes) {
      const Vec odd = has_odd ? load_some(even + ld + i, columns - i) : Vec{};
      store_words(out + i, pair_words(load_some(even + i, columns - i), odd));
    }
  }
}

template <int... kLane>
ATTN_INLINE VecWord pair_neighbours(Vec low, Vec high, Indices<kLane...>) {
  return pair_words(shuffle<(2 * kLane)...>(low, high), shuffle<(2 * kLane + 1)...>(low, high));
}

/// out (⌈depth/2⌉, width) from source (rows, depth): its rows are the columns of out, `width` in whole vectors.
ATTN_ONE_COPY void pack_pair_columns(const float* source, int64_t ld, int64_t rows, int64_t depth, PairWord* out,
                                     int64_t width) {
  const int64_t pairs = ceil_div(depth, 2);
  for (int64_t row = 0; row < width; row += kLanes) {
    for (int64_t pair = 0; pair < pairs; pair += kLanes) {
      Vec block[kLanes];  // of words
      for (int r = 0; r < kLanes; ++r) {
        const int64_t k = 2 * pair, left = row + r < rows ? depth - k : 0;
        const float* from = source + (row + r) * ld + k;
        const Vec low = load_some(from, left), high = load_some(from + kLanes, left - kLanes);
        block[r] = reinterpret_cast<Vec>(pair_neighbours(low, high, LaneIndices{}));
      }
      transpose(block);
      for (int i = 0; i < kLanes; ++i) {
        if (pair + i < pairs) store_words(out + (pair + i) * width + row, reinterpret_cast<VecWord>(block[i]));
      }
    }
  }
}

}  // namespace
}  // namespace attn::simd
