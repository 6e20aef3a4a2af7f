#pragma once
// Copies of matrix parts as words of two 16-bit numbers, those of k and k + 1, in the order in which tiles read them: a
// row of words for every two k, and behind each block of them a row of scales, if the format has any. Where k is odd, the
// last number is 0; so are columns beyond the last.

#include "simd/generic/bf16.h"
#include "simd/pair_tile.h"

namespace attn::simd {
namespace {

struct BfloatWords {
  ATTN_INLINE VecWord operator()(Vec even, Vec odd) const { return (to_bf16(even) >> 16) | to_bf16(odd); }
};

/// Bfloat16 numbers in units of a scale.
struct WholeWords {
  Vec inverse;  // of the scale

  ATTN_INLINE VecWord whole(Vec x) const {
    constexpr float kOneAndAHalf = 12582912.0f;  // times 2^23: in a sum with it, the unit is the last bit
    return reinterpret_cast<VecWord>(reinterpret_cast<Vec>(rounded_to_bf16(reinterpret_cast<VecWord>(x))) * inverse +
                                     kOneAndAHalf);
  }
  ATTN_INLINE VecWord operator()(Vec even, Vec odd) const {
    return (whole(even) & broadcast_word(0xFFFFu)) | (whole(odd) << 16);
  }
};

constexpr uint32_t kExponentBits = 23, kWholeBits = 11;
constexpr uint32_t kInfiniteFrom = 0x7F7F8000u;  // magnitudes that are not finite, once rounded to bfloat16

ATTN_INLINE VecWord magnitude(Vec x) {
  return reinterpret_cast<VecWord>(x) & broadcast_word(0x7FFFFFFFu);
}
ATTN_INLINE VecWord larger_word(VecWord a, VecWord b) {
  return a > b ? a : b;
}

/// 2^(e - kWholeBits) where the largest magnitude, once rounded to bfloat16, is in [2^e, 2^(e+1)), but no denormal number;
/// NaN if it is not finite.
ATTN_INLINE VecWord scale_word(VecWord largest) {
  const VecWord exponent = rounded_to_bf16(largest) & broadcast_word(0xFFu << kExponentBits);
  const VecWord least = broadcast_word((kWholeBits + 1) << kExponentBits);
  const VecWord scale = larger_word(exponent, least) - (kWholeBits << kExponentBits);
  return largest >= kInfiniteFrom ? broadcast_word(0x7FC00000u) : scale;
}
/// The inverse of such a scale; of NaN anything.
ATTN_INLINE Vec inverse_of(VecWord scale) {
  return reinterpret_cast<Vec>((254u << kExponentBits) - scale);
}

/// Words of an operand of so many k, `width` a row.
ATTN_INLINE int64_t pair_words(int64_t depth, bool scaled, int64_t width) {
  return (ceil_div(depth, 2) + (scaled ? ceil_div(depth, kPairBlock) : 0)) * width;
}

/// Where words go: panels of `width` columns, one panel_stride words behind the other.
struct WordPanels {
  PairWord* words;
  int64_t width, panel_stride;

  PairWord* at(int64_t column) const { return words + column / width * panel_stride + column % width; }
};

constexpr int64_t kMostPairColumns =
    256;  // that are copied at a time, from rows of memory long enough to be fetched ahead

template <class MakeWords>
ATTN_INLINE void pack_rows_as(MakeWords make_words, const float* rows, int64_t depth, PairWord* out, int64_t width) {
  int64_t k = 0;
  for (; k + 2 <= depth; k += 2, out += width) {
    store_words(out, make_words(load(rows + k * kLanes), load(rows + (k + 1) * kLanes)));
  }
  if (k < depth) store_words(out, make_words(load(rows + k * kLanes), Vec{}));
}

/// A block, (⌈depth/2⌉, columns) and scales, from source (depth, columns <= kMostPairColumns): its rows are those of k.
ATTN_ONE_COPY void pack_pair_rows(const float* source, int64_t ld, int64_t depth, int64_t columns, bool scaled,
                                  WordPanels out) {
  for (int64_t k = 0; columns > kLanes && k < depth; ++k) {  // in the order of memory
    for (int64_t i = 0; i < columns; i += 16) __builtin_prefetch(source + k * ld + i, 0, 2);
  }
  for (int64_t i = 0; i < round_up(columns, out.width); i += kLanes) {
    float rows[kPairBlock * kLanes];  // source's may compete for the same cache lines
    VecWord largest = {};
    for (int64_t k = 0; k < depth; ++k) {
      const Vec x = load_some(source + k * ld + i, columns - i);
      largest = larger_word(largest, magnitude(x));
      store(rows + k * kLanes, x);
    }
    PairWord* const words = out.at(i);
    if (scaled) {
      const VecWord scale = scale_word(largest);
      pack_rows_as(WholeWords{inverse_of(scale)}, rows, depth, words, out.width);
      store_words(words + ceil_div(depth, 2) * out.width, scale);
    } else {
      pack_rows_as(BfloatWords{}, rows, depth, words, out.width);
    }
  }
}

template <class MakeWords, int... kLane>
ATTN_INLINE VecWord pair_neighbours(MakeWords make_words, Vec low, Vec high, Indices<kLane...>) {
  return make_words(shuffle<(2 * kLane)...>(low, high), shuffle<(2 * kLane + 1)...>(low, high));
}

/// kLanes rows, or as many as there are; make_words(r): those of row r.
template <class MakeWords>
ATTN_INLINE void pack_columns_as(MakeWords make_words, const float* source, int64_t ld, int64_t rows, int64_t depth,
                                 PairWord* out, int64_t width) {
  const int64_t pairs = ceil_div(depth, 2);
  for (int64_t pair = 0; pair < pairs; pair += kLanes) {
    Vec block[kLanes];  // of words
    for (int r = 0; r < kLanes; ++r) {
      const int64_t k = 2 * pair, left = r < rows ? depth - k : 0;
      const float* from = source + r * ld + k;
      const Vec low = load_some(from, left), high = load_some(from + kLanes, left - kLanes);
      block[r] = reinterpret_cast<Vec>(pair_neighbours(make_words(r), low, high, LaneIndices{}));
    }
    transpose(block);
    for (int i = 0; i < kLanes; ++i) {
      if (pair + i < pairs) store_words(out + (pair + i) * width, reinterpret_cast<VecWord>(block[i]));
    }
  }
}

/// Lane r: the largest magnitude of row r.
ATTN_INLINE VecWord largest_of_rows(const float* source, int64_t ld, int64_t rows, int64_t depth) {
  Vec each[kLanes];
  for (int r = 0; r < kLanes; ++r) {
    VecWord largest = {};
    for (int64_t k = 0; r < rows && k < depth; k += kLanes) {
      largest = larger_word(largest, magnitude(load_some(source + r * ld + k, depth - k)));
    }
    each[r] = reinterpret_cast<Vec>(largest);
  }
  transpose(each);
  VecWord largest = {};
  for (int r = 0; r < kLanes; ++r) largest = larger_word(largest, reinterpret_cast<VecWord>(each[r]));
  return largest;
}

/// The same from source (rows, depth): its rows are the columns of the block.
ATTN_ONE_COPY void pack_pair_columns(const float* source, int64_t ld, int64_t rows, int64_t depth, bool scaled,
                                     WordPanels out) {
  for (int64_t row = 0; row < round_up(rows, out.width); row += kLanes) {
    const float* from = source + row * ld;
    const int64_t present = min(kLanes, rows - row);
    PairWord* const words = out.at(row);
    if (scaled) {
      const VecWord scale = scale_word(largest_of_rows(from, ld, present, depth));
      float inverses[kLanes];
      store(inverses, inverse_of(scale));
      const auto make_words = [&](int r) { return WholeWords{broadcast(inverses[r])}; };
      pack_columns_as(make_words, from, ld, present, depth, words, out.width);
      store_words(words + ceil_div(depth, 2) * out.width, scale);
    } else {
      pack_columns_as([](int) { return BfloatWords{}; }, from, ld, present, depth, words, out.width);
    }
  }
}

}  // namespace
}  // namespace attn::simd
