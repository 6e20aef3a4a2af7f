#pragma once
// Residual sum and norm in one pass, forward and backward.

#include "simd/generic/math.h"

namespace attn::simd {
namespace {

constexpr int64_t kSumsAhead = 1024;  // floats of sums that are still in the first-level cache

ATTN_INLINE bool drops(const ResidualNorm& p) {
  return dropout_threshold(p.dropout) != 0;
}

ATTN_INLINE Vec dropped(const ResidualNorm& p, Vec x, int64_t element) {
  return x * dropout_factor(element, p.dropout_key, dropout_threshold(p.dropout), 1.0f / (1.0f - p.dropout));
}

/// Writes x + dropout(delta).
void add_delta(const ResidualNorm& p, int64_t row) {
  const int64_t first = row * p.columns;
  const bool dropout = drops(p);
  for_each_vector(0, p.columns, [&](int64_t i, auto lanes) {
    Vec delta = load(p.delta + first + i, lanes);
    if (dropout) delta = dropped(p, delta, first + i);
    store(p.sum + first + i, load(p.x + first + i, lanes) + delta, lanes);
  });
}

float mean_of(const float* x, int64_t columns) {
  Vec total = {};
  for_each_vector(0, columns, [&](int64_t i, auto lanes) { total += load(x + i, lanes); });
  return sum(total) / static_cast<float>(columns);
}

/// Mean of (x - center)².
float mean_square(const float* x, float center, int64_t columns) {
  Vec total = {};
  for_each_vector(0, columns, [&](int64_t i, auto lanes) {
    const Vec difference = first_of(load(x + i, lanes) - center, lanes);
    total += difference * difference;
  });
  return sum(total) / static_cast<float>(columns);
}

void norm_row(const ResidualNorm& p, int64_t row) {
  const float* x = (p.delta ? p.sum : p.x) + row * p.columns;
  const float mean = p.kind == NormKind::layer ? mean_of(x, p.columns) : 0.0f;
  const float inverse = 1.0f / __builtin_sqrtf(mean_square(x, mean, p.columns) + p.eps);
  if (p.mean && p.kind == NormKind::layer) p.mean[row] = mean;
  if (p.inverse_deviation) p.inverse_deviation[row] = inverse;
  float* out = p.out + row * p.columns;
  for_each_vector(0, p.columns, [&](int64_t i, auto lanes) {
    Vec y = (load(x + i, lanes) - mean) * inverse * load(p.gain + i, lanes);
    if (p.bias) y += load(p.bias + i, lanes);
    store(out + i, y, lanes);
  });
}

/// Some rows' sums before their norms: what was stored a moment ago under a mask, as short rows are, can only be read when
/// the store has left the processor's queue.
void residual_norm(const ResidualNorm& p, int64_t row_begin, int64_t row_end) {
  const int64_t group = max(1, kSumsAhead / p.columns);
  for (int64_t row = row_begin; row < row_end; row += group) {
    const int64_t end = min(row_end, row + group);
    for (int64_t r = row; p.delta && r < end; ++r) add_delta(p, r);
    for (int64_t r = row; r < end; ++r) norm_row(p, r);
  }
}

/// Means over the row that the gradient of the norm needs, x̂ being the normalised row: of dy∘gain, and of
/// dy∘gain∘x̂.
struct RowMeans {
  float gradient, projection;
};

/// Adds the row to d_gain and d_bias on the way.
RowMeans gather_row(const ResidualNorm& p, const float* x, const float* d_out, float mean, float inverse, float* d_gain,
                    float* d_bias) {
  Vec gradients = {}, projections = {};
  for_each_vector(0, p.columns, [&](int64_t i, auto lanes) {
    const Vec normal = (load(x + i, lanes) - mean) * inverse, dy = load(d_out + i, lanes);
    const Vec gradient = dy * load(p.gain + i, lanes);
    gradients += gradient;
    projections += gradient * normal;
    store(d_gain + i, load(d_gain + i, lanes) + dy * normal, lanes);
    if (d_bias) store(d_bias + i, load(d_bias + i, lanes) + dy, lanes);
  });
  const float columns = static_cast<float>(p.columns);
  return {p.kind == NormKind::layer ? sum(gradients) / columns : 0.0f, sum(projections) / columns};
}

/// d_sum_total = inverse·(dy∘gain - mean(dy∘gain) - x̂·mean(dy∘gain∘x̂)) + d_sum.
void spread_row(const ResidualNormBackward& b, int64_t row, const float* x, float mean, float inverse, RowMeans means) {
  const ResidualNorm& p = b.forward;
  const bool dropout = p.delta && drops(p);
  const int64_t first = row * p.columns;
  for_each_vector(0, p.columns, [&](int64_t i, auto lanes) {
    const Vec normal = (load(x + i, lanes) - mean) * inverse;
    const Vec gradient = load(b.d_out + first + i, lanes) * load(p.gain + i, lanes);
    Vec total = (gradient - means.gradient - normal * means.projection) * inverse;
    if (b.d_sum) total += load(b.d_sum + first + i, lanes);
    if (b.d_delta) {
      float* d_delta = b.d_delta + first + i;
      Vec y = dropout ? dropped(p, total, first + i) : total;
      if (b.accumulate_delta) y += load(d_delta, lanes);
      store(d_delta, y, lanes);
    }
    if (b.d_x) {
      float* d_x = b.d_x + first + i;
      store(d_x, b.accumulate_x ? total + load(d_x, lanes) : total, lanes);
    }
  });
}

void residual_norm_backward(const ResidualNormBackward& b, int64_t row_begin, int64_t row_end, float* d_gain,
                            float* d_bias) {
  const ResidualNorm& p = b.forward;
  for_each_vector(0, p.columns, [&](int64_t i, auto lanes) {
    store(d_gain + i, Vec{}, lanes);
    if (d_bias) store(d_bias + i, Vec{}, lanes);
  });
  for (int64_t row = row_begin; row < row_end; ++row) {
    const float* x = p.sum + row * p.columns;
    const float mean = p.kind == NormKind::layer ? p.mean[row] : 0.0f, inverse = p.inverse_deviation[row];
    const RowMeans means = gather_row(p, x, b.d_out + row * p.columns, mean, inverse, d_gain, d_bias);
    spread_row(b, row, x, mean, inverse, means);
  }
}

}  // namespace
}  // namespace attn::simd
