// AVX512-VNNI and what isa_avx512.cpp is compiled for: tiles of bfloat16 numbers as whole numbers alone.
#if defined(__x86_64__)
#define ATTN_VECTOR_BYTES 64
#include "simd/generic/pair_tile.h"
#include "simd/tables.h"

namespace attn::simd {
namespace {

struct WholeProduct {
  typedef VecInt Sum;
  static constexpr bool kScaled = true;
  static ATTN_INLINE void add(__m512i a, __m512i b, VecInt& sum) {
    sum = reinterpret_cast<VecInt>(_mm512_dpwssd_epi32(reinterpret_cast<__m512i>(sum), a, b));
  }
  static ATTN_INLINE Vec scaled(VecInt sum, const PairWord* of_a, const PairWord* of_b) {
    const Vec scale = reinterpret_cast<Vec>(broadcast_word(*of_a)) * reinterpret_cast<Vec>(load_words(of_b));
    return __builtin_convertvector(sum, Vec) * scale;
  }
};

}  // namespace

const PairFormat kAvx512VnniPairs = {multiply_pair_tile<WholeProduct>, true};

}  // namespace attn::simd
#endif
