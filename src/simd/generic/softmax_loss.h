#pragma once
// Softmax of rows, and softmax with cross-entropy, forward and backward together.

#include "simd/generic/math.h"

namespace attn::simd {
namespace {

float largest_of(const float* x, int64_t columns) {
  Vec most = broadcast(-__builtin_inff());
  int64_t i = 0;
  for (; i + kLanes <= columns; i += kLanes) most = larger(load(x + i), most);
  float result = largest(most);
  for (; i < columns; ++i) result = x[i] > result ? x[i] : result;
  return result;
}

/// Sum of exp(x - shift); the exponentials go to `out` if it is not null.
float sum_of_exponentials(const float* x, float shift, int64_t columns, float* out) {
  Vec total = {};
  for_each_vector(0, columns, [&](int64_t i, auto lanes) {
    const Vec e = exponential(load(x + i, lanes) - shift);
    total += first_of(e, lanes);
    if (out) store(out + i, e, lanes);
  });
  return sum(total);
}

void softmax(float* x, int64_t ld, int64_t columns, int64_t row_begin, int64_t row_end) {
  for (int64_t row = row_begin; row < row_end; ++row) {
    float* y = x + row * ld;
    const float factor = 1.0f / sum_of_exponentials(y, largest_of(y, columns), columns, y);
    for_each_vector(0, columns, [=](int64_t i, auto lanes) { store(y + i, load(y + i, lanes) * factor, lanes); });
  }
}

/// log p = (z - max z) - log Σ exp(z - max z), in an order that loses no digits.
void log_softmax(float* x, int64_t ld, int64_t columns, int64_t row_begin, int64_t row_end) {
  for (int64_t row = row_begin; row < row_end; ++row) {
    float* y = x + row * ld;
    const float most = largest_of(y, columns);
    const float log_total = __builtin_logf(sum_of_exponentials(y, most, columns, nullptr));
    for_each_vector(0, columns,
                    [=](int64_t i, auto lanes) { store(y + i, (load(y + i, lanes) - most) - log_total, lanes); });
  }
}

/// With z the logits, t the target, ε the smoothing: loss = w[t]·(log Σ exp z - (1-ε)·z[t] - ε·mean z).
void cross_entropy_row(const CrossEntropy& p, int64_t row, int64_t target) {
  const int64_t v = p.vocabulary;
  const float* logits = p.logits + row * p.ld;
  float* d_logits = p.d_logits ? p.d_logits + row * p.ld : nullptr;
  const float epsilon = p.label_smoothing, at_target = logits[target];
  float smoothed = (1.0f - epsilon) * at_target;
  if (epsilon > 0) {
    Vec total = {};
    for_each_vector(0, v, [&](int64_t i, auto lanes) { total += load(logits + i, lanes); });
    smoothed += epsilon * (sum(total) / static_cast<float>(v));
  }
  const float most = largest_of(logits, v);
  const float total = sum_of_exponentials(logits, most, v, d_logits);
  const float weight = p.class_weights ? p.class_weights[target] : 1.0f;
  p.loss[row] = weight * (most + __builtin_logf(total) - smoothed);
  if (!d_logits) return;
  const float scale = p.scale * weight;
  const float factor = scale / total, shift = scale * epsilon / static_cast<float>(v);
  for_each_vector(
      0, v, [=](int64_t i, auto lanes) { store(d_logits + i, load(d_logits + i, lanes) * factor - shift, lanes); });
  d_logits[target] -= scale * (1.0f - epsilon);
}

void cross_entropy(const CrossEntropy& p, int64_t row_begin, int64_t row_end) {
  for (int64_t row = row_begin; row < row_end; ++row) {
    if (p.targets[row] >= 0) {
      cross_entropy_row(p, row, p.targets[row]);
      continue;
    }
    p.loss[row] = 0;
    if (!p.d_logits) continue;
    float* d_logits = p.d_logits + row * p.ld;
    for_each_vector(0, p.vocabulary, [=](int64_t i, auto lanes) { store(d_logits + i, Vec{}, lanes); });
  }
}

}  // namespace
}  // namespace attn::simd
