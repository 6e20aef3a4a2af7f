#pragma once
// Rotary positions.

#include "simd/generic/vector.h"

namespace attn::simd {
namespace {

/// (x, y) becomes (x·cos - y·sin, y·cos + x·sin).
void rotary(const Rotary& p, int64_t row_begin, int64_t row_end) {
  const int64_t half = p.d_head / 2;
  const float sign = p.inverse ? -1.0f : 1.0f;
  for (int64_t row = row_begin; row < row_end; ++row) {
    const float* cosines = p.cosines + p.positions[row] * half;
    const float* sines = p.sines + p.positions[row] * half;
    for (int64_t head = 0; head < p.heads; ++head) {
      float* first = p.x + row * p.ld + head * p.d_head;
      for_each_vector(0, half, [=](int64_t i, auto lanes) {
        const Vec x = load(first + i, lanes), y = load(first + half + i, lanes);
        const Vec cosine = load(cosines + i, lanes), sine = load(sines + i, lanes) * sign;
        store(first + i, x * cosine - y * sine, lanes);
        store(first + half + i, y * cosine + x * sine, lanes);
      });
    }
  }
}

}  // namespace
}  // namespace attn::simd
