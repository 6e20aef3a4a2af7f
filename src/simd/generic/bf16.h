#pragma once
// Floats that are rounded to bfloat16, whose 16 bits are the upper half of a float's.

#include "simd/generic/vector.h"

namespace attn::simd {
namespace {

/// The bits of a number rounded to the nearest bfloat16, halves to the even one; of a NaN anything.
ATTN_INLINE VecWord rounded_to_bf16(VecWord word) {
  return (word + broadcast_word(0x7FFFu) + ((word >> 16) & broadcast_word(1u))) & broadcast_word(0xFFFF0000u);
}
ATTN_INLINE VecWord to_bf16(Vec x) {
  return x == x ? rounded_to_bf16(reinterpret_cast<VecWord>(x)) : broadcast_word(0x7FC00000u);
}

/// Rounds whole vectors in place.
ATTN_ONE_COPY void round_to_bf16(float* x, int64_t count) {
  for (int64_t i = 0; i < count; i += kLanes) store(x + i, reinterpret_cast<Vec>(to_bf16(load(x + i))));
}

}  // namespace
}  // namespace attn::simd
