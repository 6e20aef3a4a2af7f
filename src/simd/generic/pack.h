#pragma once
// Copies of matrix parts into the order in which tiles read them. Columns that are missing from the last
// vector become 0.

#include "simd/generic/bf16.h"

namespace attn::simd {
namespace {

/// out (rows, width) = source (rows, columns), columns <= width, width a multiple of kLanes. For few columns.
void pack_rows(const float* source, int64_t ld, int64_t rows, int64_t columns, float* out, int64_t width) {
  for (int64_t row = 0; row < rows; ++row) {
    __builtin_prefetch(source + (row + kRowsAhead) * ld);
    copy_padded(source + row * ld, columns, out + row * width);
  }
}

template <class Lanes>
ATTN_INLINE void pack_transposed_block(const float* source, int64_t ld, int64_t rows, Lanes lanes, float factor,
                                       float* out, int64_t width) {
  Vec block[kLanes];
  ATTN_UNROLL
  for (int i = 0; i < kLanes; ++i) block[i] = i < rows ? load(source + i * ld, lanes) * factor : Vec{};
  transpose(block);
  ATTN_UNROLL
  for (int i = 0; i < kLanes; ++i) {
    if (i < lanes.count) store(out + i * width, block[i]);
  }
}

/// out (columns, width) = factor·sourceᵀ with source (rows, columns), rows <= width, width a multiple of kLanes. Unrolled,
/// it is large: one copy serves all callers.
ATTN_ONE_COPY void pack_transposed(const float* source, int64_t ld, int64_t rows, int64_t columns, float factor,
                                   float* out, int64_t width) {
  for (int64_t row = 0; row < rows; row += kLanes) {
    const int64_t present = min(kLanes, rows - row);
    for_each_vector(0, columns, [=](int64_t i, auto lanes) {
      ATTN_UNROLL
      for (int r = 0; r < kLanes; ++r) __builtin_prefetch(source + (row + kLanes + r) * ld + i);
      pack_transposed_block(source + row * ld + i, ld, present, lanes, factor, out + i * width + row, width);
    });
  }
}

/// The same of bytes, source's row r times scales[r]; a few rows at a time become floats first.
void pack_transposed_bytes(const int8_t* source, int64_t ld, int64_t rows, int64_t columns, const float* scales,
                           float* out, int64_t width) {
  constexpr int64_t kColumns = 64, kStride = kColumns + 16;  // not a multiple of 4 KB for all rows
  float floats[kLanes * kStride];
  for (int64_t row = 0; row < rows; row += kLanes) {
    const int64_t present = min(kLanes, rows - row);
    for (int64_t column = 0; column < columns; column += kColumns) {
      const int64_t count = min(kColumns, columns - column);
      for (int64_t r = 0; r < present; ++r) {
        const int8_t* from = source + (row + r) * ld + column;
        const Vec scale = broadcast(scales[row + r]);
        for (int64_t i = 0; i < count; i += kLanes) store(floats + r * kStride + i, load(from + i) * scale);
      }
      pack_transposed(floats, kStride, present, count, 1.0f, out + column * width + row, width);
    }
  }
}

/// Rounds whole vectors in place.
ATTN_ONE_COPY void round_to_bf16(float* x, int64_t count) {
  for (int64_t i = 0; i < count; i += kLanes) store(x + i, reinterpret_cast<Vec>(to_bf16(load(x + i))));
}

}  // namespace
}  // namespace attn::simd
