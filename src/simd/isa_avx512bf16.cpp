// AVX512-BF16 and what isa_avx512.cpp is compiled for: tiles of bfloat16 numbers alone.
#if defined(__x86_64__)
#define ATTN_VECTOR_BYTES 64
#include "simd/generic/pair_tile.h"
#include "simd/tables.h"

namespace attn::simd {
namespace {

struct BfloatProduct {
  typedef Vec Sum;
  static constexpr bool kScaled = false;
  static ATTN_INLINE void add(__m512i a, __m512i b, Vec& sum) {
    sum = reinterpret_cast<Vec>(
        _mm512_dpbf16_ps(reinterpret_cast<__m512>(sum), reinterpret_cast<__m512bh>(a), reinterpret_cast<__m512bh>(b)));
  }
  static ATTN_INLINE Vec scaled(Vec sum, const PairWord*, const PairWord*) { return sum; }
};

}  // namespace

const PairFormat kAvx512Bf16Pairs = {multiply_pair_tile<BfloatProduct>, false};

}  // namespace attn::simd
#endif
