#pragma once
// Elementary functions of vectors, accurate to a few units in the last place of a float; NaN gives NaN.

#include "base/random.h"
#include "simd/generic/vector.h"

namespace attn::simd {
namespace {

/// e^x, relative error below 3e-7 for |x| <= 80; 0 below -80, and x above 80 counts as 80: results and their inverses
/// are never infinite and never denormal, which would be a hundred times slower.
/// x = n·ln 2 + r, e^x = 2^n·p(r), p minimax on |r| <= ln 2 / 2.
ATTN_INLINE Vec exponential(Vec x) {
  constexpr float kLog2E = 1.44269504f, kLn2High = 0.693359375f, kLn2Low = -2.12194440e-4f;
  constexpr float kRound = 12582912.0f;  // 1.5·2^23: adding it rounds to an integer, kept in the lowest bits
  constexpr float kExp2 = 0.49999231f, kExp3 = 0.16667114f, kExp4 = 0.041890156f, kExp5 = 0.0083125206f;
  const Vec clamped = x > 80.0f ? broadcast(80.0f) : x;
  const Vec shifted = clamped * kLog2E + kRound;
  const Vec n = shifted - kRound;
  const Vec r = (clamped - n * kLn2High) - n * kLn2Low;
  Vec p = r * kExp5 + kExp4;
  p = p * r + kExp3;
  p = p * r + kExp2;
  p = p * r + 1.0f;
  p = p * r + 1.0f;
  const Vec power = from_bits((bits(shifted) + 127) << 23);
  return x < -80.0f ? Vec{} : p * power;
}

/// 1/x to a unit or two in the last place, for normal x and 1/x.
ATTN_INLINE Vec reciprocal(Vec x) {
#if ATTN_VECTOR_BYTES == 64
  const Vec guess = reinterpret_cast<Vec>(_mm512_maskz_rcp14_ps(0xFFFF, reinterpret_cast<__m512>(x)));
  return guess + guess * (1.0f - x * guess);
#else
  return 1.0f / x;
#endif
}

/// 1 / (1 + e^-x).
ATTN_INLINE Vec sigmoid(Vec x) {
  return reciprocal(1.0f + exponential(-x));
}

/// tanh x, relative error below 3e-7: 1 - 2/(1 + e^2|x|) with the sign of x, and near 0, where that would cancel, an odd
/// polynomial (Moshier 1992, Cephes, tanhf).
ATTN_INLINE Vec hyperbolic_tangent(Vec x) {
  const Vec size = x < 0.0f ? -x : x, square = x * x;
  const Vec far = 1.0f - 2.0f * reciprocal(1.0f + exponential(2.0f * size));
  Vec p = square * -5.70498872745e-3f + 2.06390887954e-2f;
  p = p * square - 5.37397155531e-2f;
  p = p * square + 1.33314422036e-1f;
  p = p * square - 3.33332819422e-1f;
  const Vec near = p * square * x + x;
  return size < 0.625f ? near : (x < 0.0f ? -far : far);
}

/// Φ(x), the normal distribution, and e^(-x²/2) by the way; absolute error of Φ below 2e-7
/// (Abramowitz and Stegun 1964, 7.1.26).
ATTN_INLINE Vec normal_distribution(Vec x, Vec& bell) {
  const Vec z = (x < 0.0f ? -x : x) * 0.70710678f;
  const Vec t = reciprocal(1.0f + 0.3275911f * z);
  bell = exponential(x * x * -0.5f);
  Vec p = t * 0.5307027145f - 0.7265760135f;
  p = p * t + 0.7107068705f;
  p = p * t - 0.142248368f;
  p = p * t + 0.127414796f;
  const Vec tail = p * t * bell;
  return x > 0.0f ? 1.0f - tail : tail;
}

/// The factor that dropout puts on elements first, first + 1, …: 0 or `kept`.
ATTN_INLINE Vec dropout_factor(int64_t first, uint64_t key, uint32_t threshold, float kept) {
  const VecWord element = static_cast<uint32_t>(first) + reinterpret_cast<VecWord>(iota());
  return hash32(element, key) >= threshold ? broadcast(kept) : Vec{};
}

}  // namespace
}  // namespace attn::simd
