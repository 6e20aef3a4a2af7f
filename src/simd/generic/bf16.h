#pragma once
// Floats that are rounded to bfloat16, whose 16 bits are the upper half of a float's.

#include "simd/generic/vector.h"
#include "simd/pair_tile.h"

namespace attn::simd {
namespace {

/// The bits of a number rounded to the nearest bfloat16, halves to the even one; of a NaN anything.
ATTN_INLINE VecWord rounded_to_bf16(VecWord word) {
  return (word + broadcast_word(0x7FFFu) + ((word >> 16) & broadcast_word(1u))) & broadcast_word(0xFFFF0000u);
}
ATTN_INLINE VecWord to_bf16(Vec x) {
  return x == x ? rounded_to_bf16(reinterpret_cast<VecWord>(x)) : broadcast_word(0x7FC00000u);
}

typedef uint32_t WordsInMemory __attribute__((vector_size(ATTN_VECTOR_BYTES), aligned(4), may_alias));

ATTN_INLINE void store_words(PairWord* p, VecWord words) {
  *reinterpret_cast<WordsInMemory*>(p) = words;
}

}  // namespace
}  // namespace attn::simd
