#pragma once
// Copies of matrix parts as bfloat16 numbers, in the order in which a matrix unit reads them.
//
// A step is kStepDepth of k. Its words hold two numbers each, those of k and k + kLanes; a square of words is a register: of
// a, a row for every row of it, of b, a column for every column. A float becomes one bfloat16 number, the nearest, or three
// whose sum it is: they hold its 24 bits (Henry, Tang, Heinecke 2019, arXiv:1904.06376).

#include "simd/generic/bf16.h"
#include "simd/pair_tile.h"

namespace attn::simd {
namespace {

constexpr int64_t kStepDepth = 2 * kLanes;
constexpr int64_t kRegisterWords = kLanes * kLanes;
constexpr int64_t kPartWords = 2 * kRegisterWords;  // a part of a step of two registers side by side

ATTN_INLINE VecWord upper_half(VecWord x) {
  return x & broadcast_word(0xFFFF0000u);
}

/// x to the nearest bfloat16 number, halves away from zero.
ATTN_INLINE VecWord nearest_part(Vec x) {
  return upper_half(reinterpret_cast<VecWord>(x) + 0x8000u);
}

/// Parts of x, each a bfloat16 number and so the upper half of its word: first + second + third = x, but for what is below
/// the smallest normal number. What bfloat16 cannot hold makes parts that are not finite.
struct ThreeParts {
  VecWord part[3];

  ATTN_INLINE explicit ThreeParts(Vec x) {
    part[0] = nearest_part(x);
    const Vec rest = x - reinterpret_cast<Vec>(part[0]);
    part[1] = nearest_part(rest);
    part[2] = upper_half(reinterpret_cast<VecWord>(rest - reinterpret_cast<Vec>(part[1])));
  }
};

/// Words of k (even) and k + kLanes, one row of a register for every part.
template <int kParts>
ATTN_INLINE void store_parts(Vec even, Vec odd, PairWord* out) {
  if constexpr (kParts == 1) {
    store_words(out, (to_bf16(even) >> 16) | to_bf16(odd));
  } else {
    const ThreeParts of_even(even), of_odd(odd);
    ATTN_UNROLL
    for (int i = 0; i < kParts; ++i) {
      store_words(out + i * kPartWords, (of_even.part[i] >> 16) | of_odd.part[i]);
    }
  }
}

/// One operand of a product in memory: its lines (a's rows or b's columns) are rows of memory, or columns of it.
struct Lines {
  const float* data;
  int64_t ld;
  bool are_rows;

  const float* at(int64_t line, int64_t k) const { return are_rows ? data + line * ld + k : data + k * ld + line; }
};

/// Two squares of memory, of the first kLanes of a step's k and of the others.
template <int kParts, bool kTransposes>
ATTN_INLINE void pack_squares(const float* even, const float* odd, int64_t ld, PairWord* out) {
  if constexpr (kTransposes) {
    Vec turned[2][kLanes];
    ATTN_KEEP_LOOP
    for (int half = 0; half < 2; ++half) {
      const float* const from = half == 0 ? even : odd;
      Vec rows[kLanes];
      ATTN_UNROLL
      for (int i = 0; i < kLanes; ++i) rows[i] = load(from + i * ld);
      transpose(rows);
      ATTN_UNROLL
      for (int i = 0; i < kLanes; ++i) turned[half][i] = rows[i];
    }
    for (int i = 0; i < kLanes; ++i) store_parts<kParts>(turned[0][i], turned[1][i], out + i * kLanes);
  } else {
    for (int i = 0; i < kLanes; ++i) store_parts<kParts>(load(even + i * ld), load(odd + i * ld), out + i * kLanes);
  }
}

/// What there is of a square, and zeros.
ATTN_ONE_COPY void complete_square(const float* source, int64_t ld, int64_t rows, int64_t columns, float* out) {
  for (int64_t i = 0; i < kLanes; ++i) {
    store(out + i * kLanes, i < rows ? load_some(source + i * ld, columns) : Vec{});
  }
}

template <int kParts, bool kTransposes>
ATTN_ONE_COPY void pack_lines_as(const Lines& source, int64_t line, int64_t lines, int64_t k, int64_t depth,
                                 PairWord* out) {
  const float *even = source.at(line, k), *odd = source.at(line, k + kLanes);
  int64_t ld = source.ld;
  float squares[2][kLanes * kLanes];
  if (lines < kLanes || depth < kStepDepth) {
    const int64_t odd_depth = depth - kLanes;
    const bool are_rows = source.are_rows;
    complete_square(even, ld, are_rows ? lines : depth, are_rows ? depth : lines, squares[0]);
    complete_square(odd, ld, are_rows ? lines : odd_depth, are_rows ? odd_depth : lines, squares[1]);
    even = squares[0];
    odd = squares[1];
    ld = kLanes;
  }
  pack_squares<kParts, kTransposes>(even, odd, ld, out);
}

/// A step of at most kLanes lines, `depth` of k: a register for every part. b's lines are columns of a register, a's rows.
template <int kParts>
ATTN_INLINE void pack_lines(const Lines& source, bool as_columns, int64_t line, int64_t lines, int64_t k, int64_t depth,
                            PairWord* out) {
  if (source.are_rows == as_columns) {
    pack_lines_as<kParts, true>(source, line, lines, k, depth, out);
  } else {
    pack_lines_as<kParts, false>(source, line, lines, k, depth, out);
  }
}

}  // namespace
}  // namespace attn::simd
