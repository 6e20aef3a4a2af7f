#pragma once
// Activation functions and their slopes.

#include "simd/generic/math.h"

namespace attn::simd {
namespace {

constexpr float kGeluSlope = 1.5957691216f;  // 2·sqrt(2/π)
constexpr float kGeluCubic = 0.044715f * kGeluSlope;

/// x·σ(2·sqrt(2/π)·(x + 0.044715·x³)) is GPT-2's GELU, since (1 + tanh u)/2 = σ(2u) (Hendrycks, Gimpel 2016).
ATTN_INLINE Vec gelu_tanh_gate(Vec x) {
  return sigmoid(x * (kGeluCubic * (x * x) + kGeluSlope));
}

/// activation(x), and its slope there.
template <Activation kActivation>
ATTN_INLINE Vec activate(Vec x, Vec& slope) {
  if constexpr (kActivation == Activation::gelu_tanh) {
    const Vec gate = gelu_tanh_gate(x), y = x * gate;
    slope = gate + y * (1.0f - gate) * (3.0f * kGeluCubic * (x * x) + kGeluSlope);
    return y;
  }
  if constexpr (kActivation == Activation::gelu) {
    Vec bell;
    const Vec distribution = normal_distribution(x, bell);
    slope = distribution + x * bell * 0.3989422804f;
    return x * distribution;
  }
  if constexpr (kActivation == Activation::relu) return x < 0.0f ? Vec{} : x;
  if constexpr (kActivation == Activation::tanh) return hyperbolic_tangent(x);
  return x;
}

/// The slope, from what the forward pass kept (see keeps_slope).
template <Activation kActivation>
ATTN_INLINE Vec slope_of(Vec kept) {
  if constexpr (keeps_slope(kActivation)) return kept;
  if constexpr (kActivation == Activation::relu) return kept > 0.0f ? broadcast(1.0f) : (kept != kept ? kept : Vec{});
  if constexpr (kActivation == Activation::tanh) return 1.0f - kept * kept;
  return broadcast(1.0f);
}

template <Activation kActivation>
void activate_range(const float* x, float* y, float* slopes, int64_t begin, int64_t end) {
  for_each_vector(begin, end, [=](int64_t i, auto lanes) {
    Vec slope;
    store(y + i, activate<kActivation>(load(x + i, lanes), slope), lanes);
    if constexpr (keeps_slope(kActivation)) {
      if (slopes) store(slopes + i, slope, lanes);
    }
  });
}

template <Activation kActivation>
void activate_range_backward(const float* kept, const float* d_y, float* d_x, int64_t begin, int64_t end) {
  for_each_vector(begin, end, [=](int64_t i, auto lanes) {
    store(d_x + i, load(d_y + i, lanes) * slope_of<kActivation>(load(kept + i, lanes)), lanes);
  });
}

template <Activation kActivation>
struct ActivationConstant {
  static constexpr Activation value = kActivation;
};

/// Calls function with the activation as a constant, its `value`.
template <class Function>
ATTN_INLINE void with_activation(Activation which, Function function) {
  switch (which) {
    case Activation::none:
      return function(ActivationConstant<Activation::none>{});
    case Activation::relu:
      return function(ActivationConstant<Activation::relu>{});
    case Activation::gelu:
      return function(ActivationConstant<Activation::gelu>{});
    case Activation::gelu_tanh:
      return function(ActivationConstant<Activation::gelu_tanh>{});
    case Activation::tanh:
      return function(ActivationConstant<Activation::tanh>{});
  }
}

/// Activates a part of a product that is complete.
void activate_part(const Matmul& p, int64_t row, int64_t rows, int64_t column, int64_t columns) {
  if (p.activation == Activation::none) return;
  with_activation(p.activation, [&](auto which) {
    for (int64_t r = row; r < row + rows; ++r) {
      const int64_t first = r * p.ldc + column;
      activate_range<which.value>(p.c, p.c, p.slopes, first, first + columns);
    }
  });
}

}  // namespace
}  // namespace attn::simd
