#pragma once
// The optimizer's update, one pass over parameters, gradients and moments.

#include "simd/generic/vector.h"

namespace attn::simd {
namespace {

/// 0 instead of numbers below 1e-37: moments of parameters that get no gradient decay towards 0, and
/// arithmetic on denormal numbers is some hundred times slower. Such a moment changes no parameter.
ATTN_INLINE Vec without_denormals(Vec x) {
  const Vec size = from_bits(bits(x) & 0x7FFFFFFF);
  return size < 1e-37f ? Vec{} : x;
}

void adamw(const AdamW& p, int64_t begin, int64_t end) {
  const float decay = 1.0f - p.learning_rate * p.weight_decay;
  const float rate = p.learning_rate / p.correction1;
  const float inverse_root = 1.0f / __builtin_sqrtf(p.correction2);
  for_each_vector(begin, end, [=](int64_t i, auto lanes) {
    const Vec g = load(p.gradients + i, lanes) * p.gradient_scale;
    const Vec m = without_denormals(load(p.first_moment + i, lanes) * p.beta1 + g * (1.0f - p.beta1));
    const Vec v = without_denormals(load(p.second_moment + i, lanes) * p.beta2 + g * g * (1.0f - p.beta2));
    store(p.first_moment + i, m, lanes);
    store(p.second_moment + i, v, lanes);
    const Vec step = rate * m / (square_root(v) * inverse_root + p.eps);
    store(p.parameters + i, load(p.parameters + i, lanes) * decay - step, lanes);
  });
}

}  // namespace
}  // namespace attn::simd
