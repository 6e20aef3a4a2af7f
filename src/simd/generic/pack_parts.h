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

/// Parts of x, each a bfloat16 number and so the upper half of its word: first + second + third = x, but for what is below
/// the smallest normal number. The first is cut off, so that the largest number does not become infinite; the second is
/// rounded, so that the third may have either sign. What is not finite makes parts that are not.
struct ThreeParts {
  VecWord part[3];

  ATTN_INLINE explicit ThreeParts(Vec x) {
    part[0] = upper_half(reinterpret_cast<VecWord>(x));
    const Vec rest = x - reinterpret_cast<Vec>(part[0]);
    part[1] = upper_half(reinterpret_cast<VecWord>(rest) + broadcast_word(0x8000u));
    part[2] = reinterpret_cast<VecWord>(rest - reinterpret_cast<Vec>(part[1]));
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

/// Some rows of memory, at most kLanes, and of each at most kLanes floats.
struct Square {
  const float* data;
  int64_t ld, rows, columns;

  ATTN_INLINE Vec row(int64_t i) const {
    if (i >= rows || columns <= 0) return Vec{};
    return columns >= kLanes ? load(data + i * ld) : load(data + i * ld, First{columns});
  }
};

struct WholeSquare {
  const float* data;
  int64_t ld;

  ATTN_INLINE Vec row(int64_t i) const { return load(data + i * ld); }
};

template <int kParts, bool kTransposes, class Rows>
ATTN_INLINE void pack_square(Rows even, Rows odd, PairWord* out) {
  if constexpr (kTransposes) {
    Vec turned[2][kLanes];
    ATTN_UNROLL
    for (int i = 0; i < kLanes; ++i) turned[0][i] = even.row(i);
    transpose(turned[0]);
    ATTN_UNROLL
    for (int i = 0; i < kLanes; ++i) turned[1][i] = odd.row(i);
    transpose(turned[1]);
    for (int i = 0; i < kLanes; ++i) store_parts<kParts>(turned[0][i], turned[1][i], out + i * kLanes);
  } else {
    for (int i = 0; i < kLanes; ++i) store_parts<kParts>(even.row(i), odd.row(i), out + i * kLanes);
  }
}

template <int kParts, bool kTransposes>
ATTN_ONE_COPY void pack_lines_as(const Lines& source, int64_t line, int64_t lines, int64_t k, int64_t depth,
                                 PairWord* out) {
  const float *even = source.at(line, k), *odd = source.at(line, k + kLanes);
  const int64_t ld = source.ld;
  if (lines >= kLanes && depth >= kStepDepth) {
    pack_square<kParts, kTransposes>(WholeSquare{even, ld}, WholeSquare{odd, ld}, out);
  } else if (source.are_rows) {
    pack_square<kParts, kTransposes>(Square{even, ld, lines, depth}, Square{odd, ld, lines, depth - kLanes}, out);
  } else {
    pack_square<kParts, kTransposes>(Square{even, ld, depth, lines}, Square{odd, ld, depth - kLanes, lines}, out);
  }
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
