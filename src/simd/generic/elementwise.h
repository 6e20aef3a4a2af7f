#pragma once
// Kernels that treat every element alike: activations, SwiGLU, sums.

#include "simd/generic/activation.h"

namespace attn::simd {
namespace {

void activation(Activation which, const float* x, float* y, float* slopes, int64_t begin, int64_t end) {
  with_activation(which, [=](auto constant) { activate_range<constant.value>(x, y, slopes, begin, end); });
}

void activation_backward(Activation which, const float* kept, const float* d_y, float* d_x, int64_t begin,
                         int64_t end) {
  with_activation(which, [=](auto constant) { activate_range_backward<constant.value>(kept, d_y, d_x, begin, end); });
}

/// silu(gate)∘up, silu(x) = x·σ(x) (Shazeer 2020).
void swiglu(const float* gate_up, float* out, int64_t d_ff, int64_t row_begin, int64_t row_end) {
  for (int64_t row = row_begin; row < row_end; ++row) {
    const float* gate = gate_up + row * 2 * d_ff;
    const float* up = gate + d_ff;
    float* y = out + row * d_ff;
    for_each_vector(0, d_ff, [=](int64_t i, auto lanes) {
      const Vec g = load(gate + i, lanes);
      store(y + i, g * sigmoid(g) * load(up + i, lanes), lanes);
    });
  }
}

void swiglu_backward(const float* gate_up, const float* d_out, float* d_gate_up, bool accumulate, int64_t d_ff,
                     int64_t row_begin, int64_t row_end) {
  for (int64_t row = row_begin; row < row_end; ++row) {
    const float* gate = gate_up + row * 2 * d_ff;
    const float* d_y = d_out + row * d_ff;
    float* d_gate = d_gate_up + row * 2 * d_ff;
    for_each_vector(0, d_ff, [=](int64_t i, auto lanes) {
      const Vec g = load(gate + i, lanes), up = load(gate + d_ff + i, lanes), dy = load(d_y + i, lanes);
      const Vec s = sigmoid(g), silu = g * s;
      Vec dg = dy * up * (s + silu * (1.0f - s)), du = dy * silu;
      if (accumulate) {
        dg += load(d_gate + i, lanes);
        du += load(d_gate + d_ff + i, lanes);
      }
      store(d_gate + i, dg, lanes);
      store(d_gate + d_ff + i, du, lanes);
    });
  }
}

/// Vectors of a row whose columns are summed side by side: whole lines of memory, in pieces that come in order. (One at a
/// time, rows 2 KB apart would push each other out of the first-level cache before the next vector wants them.)
constexpr int kVectorsSummed = ATTN_VECTOR_BYTES < 64 ? 8 : 4;

template <int kCount, class Lanes>
ATTN_INLINE void sum_columns(const float* x, int64_t ld, int64_t rows, float* out, bool accumulate, Lanes lanes) {
  Vec totals[kCount];
  ATTN_UNROLL
  for (int v = 0; v < kCount; ++v) totals[v] = accumulate ? load(out + v * kLanes, lanes) : Vec{};
  int64_t row = 0;
  for (; row + 4 <= rows; row += 4, x += 4 * ld) {
    ATTN_UNROLL
    for (int v = 0; v < kCount; ++v) {
      const float* const first = x + v * kLanes;
      totals[v] +=
          (load(first, lanes) + load(first + ld, lanes)) + (load(first + 2 * ld, lanes) + load(first + 3 * ld, lanes));
    }
  }
  for (; row < rows; ++row, x += ld) {
    ATTN_UNROLL
    for (int v = 0; v < kCount; ++v) totals[v] += load(x + v * kLanes, lanes);
  }
  ATTN_UNROLL
  for (int v = 0; v < kCount; ++v) store(out + v * kLanes, totals[v], lanes);
}

void column_sums(const float* x, int64_t ld, int64_t rows, float* out, bool accumulate, int64_t begin, int64_t end) {
  int64_t i = begin;
  for (; i + kVectorsSummed * kLanes <= end; i += kVectorsSummed * kLanes) {
    sum_columns<kVectorsSummed>(x + i, ld, rows, out + i, accumulate, All{});
  }
  for_each_vector(i, end, [=](int64_t c, auto lanes) { sum_columns<1>(x + c, ld, rows, out + c, accumulate, lanes); });
}

void add(const float* a, const float* b, float* out, int64_t begin, int64_t end) {
  for_each_vector(begin, end,
                  [=](int64_t i, auto lanes) { store(out + i, load(a + i, lanes) + load(b + i, lanes), lanes); });
}

void scale(float* x, float factor, int64_t begin, int64_t end) {
  for_each_vector(begin, end, [=](int64_t i, auto lanes) { store(x + i, load(x + i, lanes) * factor, lanes); });
}

typedef float HalfVec __attribute__((vector_size(ATTN_VECTOR_BYTES / 2)));
typedef double VecDouble __attribute__((vector_size(ATTN_VECTOR_BYTES)));
struct Halves {
  HalfVec low, high;
};

/// Products are exact in double.
double dot(const float* a, const float* b, int64_t begin, int64_t end) {
  VecDouble low = {}, high = {};
  for_each_vector(begin, end, [&](int64_t i, auto lanes) {
    const Halves x = __builtin_bit_cast(Halves, load(a + i, lanes)), y = __builtin_bit_cast(Halves, load(b + i, lanes));
    low += __builtin_convertvector(x.low, VecDouble) * __builtin_convertvector(y.low, VecDouble);
    high += __builtin_convertvector(x.high, VecDouble) * __builtin_convertvector(y.high, VecDouble);
  });
  low += high;
  double total = 0;
  for (int i = 0; i < kLanes / 2; ++i) total += low[i];
  return total;
}

}  // namespace
}  // namespace attn::simd
