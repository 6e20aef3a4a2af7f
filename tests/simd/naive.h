#pragma once
// Every kernel once more, in the plainest way and in double precision: the references that tests compare
// with.

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <numeric>
#include <span>
#include <vector>

#include "base/random.h"
#include "simd/kernels.h"

namespace attn::naive {

using Doubles = std::vector<double>;

inline double sigmoid(double x) {
  return 1 / (1 + std::exp(-x));
}

inline double activate(simd::Activation which, double x) {
  switch (which) {
    case simd::Activation::relu:
      return x < 0 ? 0 : x;
    case simd::Activation::gelu:
      return x * 0.5 * std::erfc(-x / std::sqrt(2.0));
    case simd::Activation::gelu_tanh:
      return 0.5 * x * (1 + std::tanh(std::sqrt(2 / M_PI) * (x + 0.044715 * x * x * x)));
    case simd::Activation::tanh:
      return std::tanh(x);
    case simd::Activation::none:
      break;
  }
  return x;
}

inline double activation_slope(simd::Activation which, double x) {
  switch (which) {
    case simd::Activation::relu:
      return x > 0 ? 1 : 0;
    case simd::Activation::gelu:
      return 0.5 * std::erfc(-x / std::sqrt(2.0)) + x * std::exp(-x * x / 2) / std::sqrt(2 * M_PI);
    case simd::Activation::gelu_tanh: {
      const double root = std::sqrt(2 / M_PI), t = std::tanh(root * (x + 0.044715 * x * x * x));
      return 0.5 * (1 + t) + 0.5 * x * (1 - t * t) * root * (1 + 3 * 0.044715 * x * x);
    }
    case simd::Activation::tanh:
      return 1 - std::tanh(x) * std::tanh(x);
    case simd::Activation::none:
      break;
  }
  return 1;
}

/// What dropout multiplies element number `element` with.
inline double dropout_factor(float rate, std::uint64_t key, std::uint64_t element) {
  if (hash32(static_cast<std::uint32_t>(element), key) < dropout_threshold(rate)) return 0;
  return 1 / (1 - static_cast<double>(rate));
}

/// x rounded to the 8 bits of a bfloat16's significand, halves to the even one.
inline double to_bf16(double x) {
  if (x == 0 || !std::isfinite(x)) return x;
  int exponent = 0;
  const double fraction = std::frexp(x, &exponent);  // in [0.5, 1)
  return std::ldexp(std::nearbyint(std::ldexp(fraction, 8)), exponent - 8);
}

/// Rows of K numbers: each block's become multiples of the unit in which its largest one has 12 bits.
inline void align_blocks(Doubles& rows, std::int64_t k) {
  for (std::int64_t first = 0, end = 0; first < std::ssize(rows); first = end) {
    end = std::min(first + simd::kPairBlock, first - first % k + k);
    const std::span<double> block(rows.data() + first, static_cast<std::size_t>(end - first));
    double largest = 0;
    for (double x : block) largest = std::max(largest, std::fabs(x));
    if (largest == 0) continue;
    const double unit = std::ldexp(1.0, std::ilogb(largest) - 11);
    for (double& x : block) x = std::nearbyint(x / unit) * unit;
  }
}

/// (M, N): a·b + bias, before activation and without what c held. `scaled`: bfloat16 numbers are multiplied as whole ones.
inline Doubles matmul(const simd::Matmul& p, bool scaled = false) {
  const auto rounded = [&](double x) { return p.bf16 ? to_bf16(x) : x; };
  Doubles a, b, c;  // (M, K), (N, K) and (M, N); every operand is rounded once
  for (std::int64_t i = 0; i < p.m; ++i) {
    for (std::int64_t k = 0; k < p.k; ++k) {
      a.push_back(rounded(p.form == simd::Form::TN ? p.a[k * p.lda + i] : p.a[i * p.lda + k]));
    }
  }
  for (std::int64_t j = 0; j < p.n; ++j) {
    for (std::int64_t k = 0; k < p.k; ++k) {
      b.push_back(rounded(p.b_bytes                  ? static_cast<double>(p.byte_scales[j]) * p.b_bytes[j * p.ldb + k]
                          : p.form == simd::Form::NT ? p.b[j * p.ldb + k]
                                                     : p.b[k * p.ldb + j]));
    }
  }
  if (scaled) {
    align_blocks(a, p.k);
    align_blocks(b, p.k);
  }
  for (std::int64_t i = 0; i < p.m; ++i) {
    for (std::int64_t j = 0; j < p.n; ++j) {
      const double* const row = a.data() + i * p.k;
      c.push_back(std::inner_product(row, row + p.k, b.data() + j * p.k, p.bias ? double{p.bias[j]} : 0.0));
    }
  }
  return c;
}

struct AttentionResult {
  Doubles weights;      // (T, S), before dropout
  Doubles dropped;      // (T, S), after dropout
  Doubles out;          // (T, D)
  Doubles log_sum_exp;  // (T)
};

/// Attention of one sequence and one query head.
inline AttentionResult attention(const simd::Attention& p, std::int64_t sequence, std::int64_t head) {
  const std::int64_t first = p.query_starts[sequence], queries = p.query_starts[sequence + 1] - first;
  const std::int64_t first_key = p.key_starts[sequence], keys = p.key_lengths[sequence];
  const std::int64_t kv_head = head * p.kv_heads / p.heads, d = p.d_head;
  const auto at = [](std::int64_t i) { return static_cast<std::size_t>(i); };
  AttentionResult r{Doubles(at(queries * keys)), Doubles(at(queries * keys)), Doubles(at(queries * d)),
                    Doubles(at(queries))};
  for (std::int64_t t = 0; t < queries; ++t) {
    const float* q = p.query + (first + t) * p.ld_query + head * d;
    const std::int64_t seen = p.causal ? std::max<std::int64_t>(0, keys - queries + t + 1) : keys;
    Doubles scores(at(seen));
    double largest = -std::numeric_limits<double>::infinity(), total = 0;
    for (std::int64_t s = 0; s < seen; ++s) {
      const float* k = p.key + (first_key + s) * p.ld_key + kv_head * d;
      for (std::int64_t c = 0; c < d; ++c) scores[at(s)] += static_cast<double>(q[c]) * k[c];
      scores[at(s)] *= p.scale;
      largest = std::max(largest, scores[at(s)]);
    }
    for (std::int64_t s = 0; s < seen; ++s) total += std::exp(scores[at(s)] - largest);
    r.log_sum_exp[at(t)] = largest + std::log(total);
    const std::uint32_t row_hash = hash32(static_cast<std::uint32_t>((first + t) * p.heads + head), p.dropout_key);
    for (std::int64_t s = 0; s < seen; ++s) {
      const double weight = std::exp(scores[at(s)] - largest) / total;
      r.weights[at(t * keys + s)] = weight;
      r.dropped[at(t * keys + s)] =
          weight * dropout_factor(p.dropout, p.dropout_key, row_hash + static_cast<std::uint32_t>(s));
      const float* v = p.value + (first_key + s) * p.ld_value + kv_head * d;
      for (std::int64_t c = 0; c < d; ++c) r.out[at(t * d + c)] += r.dropped[at(t * keys + s)] * v[c];
    }
  }
  return r;
}

struct AttentionGradients {
  Doubles query;  // (T, D)
  Doubles key;    // (S, D): this head's share
  Doubles value;  // (S, D)
};

inline AttentionGradients attention_backward(const simd::AttentionBackward& b, std::int64_t sequence,
                                             std::int64_t head) {
  const simd::Attention& p = b.forward;
  const AttentionResult forward = attention(p, sequence, head);
  const std::int64_t first = p.query_starts[sequence], queries = p.query_starts[sequence + 1] - first;
  const std::int64_t first_key = p.key_starts[sequence], keys = p.key_lengths[sequence];
  const std::int64_t kv_head = head * p.kv_heads / p.heads, d = p.d_head;
  const auto at = [](std::int64_t i) { return static_cast<std::size_t>(i); };
  AttentionGradients g{Doubles(at(queries * d)), Doubles(at(keys * d)), Doubles(at(keys * d))};
  for (std::int64_t t = 0; t < queries; ++t) {
    const float* d_out = b.d_out + (first + t) * p.ld_out + head * d;
    Doubles d_weights(at(keys));
    double mean = 0;
    for (std::int64_t s = 0; s < keys; ++s) {
      const double weight = forward.weights[at(t * keys + s)], dropped = forward.dropped[at(t * keys + s)];
      const double factor = weight > 0 ? dropped / weight : 0;
      for (std::int64_t c = 0; c < d; ++c) {
        const double v = p.value[(first_key + s) * p.ld_value + kv_head * d + c];
        d_weights[at(s)] += factor * d_out[c] * v;
        g.value[at(s * d + c)] += dropped * d_out[c];
      }
      mean += weight * d_weights[at(s)];
    }
    for (std::int64_t s = 0; s < keys; ++s) {
      const double d_score = forward.weights[at(t * keys + s)] * (d_weights[at(s)] - mean) * p.scale;
      for (std::int64_t c = 0; c < d; ++c) {
        g.query[at(t * d + c)] += d_score * p.key[(first_key + s) * p.ld_key + kv_head * d + c];
        g.key[at(s * d + c)] += d_score * p.query[(first + t) * p.ld_query + head * d + c];
      }
    }
  }
  return g;
}

struct NormRow {
  Doubles sum, normal, out;  // (C)
  double mean = 0, inverse_deviation = 0;
};

inline NormRow residual_norm(const simd::ResidualNorm& p, std::int64_t row) {
  NormRow r;
  const std::int64_t c = p.columns;
  double squares = 0;
  for (std::int64_t i = 0; i < c; ++i) {
    double x = p.x[row * c + i];
    if (p.delta) {
      x += p.delta[row * c + i] * dropout_factor(p.dropout, p.dropout_key, static_cast<std::uint64_t>(row * c + i));
    }
    r.sum.push_back(x);
    if (p.kind == simd::NormKind::layer) r.mean += x / static_cast<double>(c);
  }
  for (double x : r.sum) squares += (x - r.mean) * (x - r.mean) / static_cast<double>(c);
  r.inverse_deviation = 1 / std::sqrt(squares + static_cast<double>(p.eps));
  for (std::int64_t i = 0; i < c; ++i) {
    r.normal.push_back((r.sum[static_cast<std::size_t>(i)] - r.mean) * r.inverse_deviation);
    r.out.push_back(r.normal.back() * p.gain[i] + (p.bias ? p.bias[i] : 0.0));
  }
  return r;
}

/// Gradient of the sum through the norm alone, for a row whose forward values are `r`.
inline Doubles norm_backward(const simd::ResidualNorm& p, const NormRow& r, const float* d_out) {
  const std::size_t c = r.sum.size();
  double gradient_mean = 0, projection_mean = 0;
  for (std::size_t i = 0; i < c; ++i) {
    const double g = static_cast<double>(d_out[i]) * p.gain[i];
    if (p.kind == simd::NormKind::layer) gradient_mean += g / static_cast<double>(c);
    projection_mean += g * r.normal[i] / static_cast<double>(c);
  }
  Doubles d(c);
  for (std::size_t i = 0; i < c; ++i) {
    const double g = static_cast<double>(d_out[i]) * p.gain[i];
    d[i] = r.inverse_deviation * (g - gradient_mean - r.normal[i] * projection_mean);
  }
  return d;
}

inline Doubles softmax(const float* x, std::int64_t columns) {
  Doubles p(x, x + columns);
  double largest = p[0], total = 0;
  for (double v : p) largest = std::max(largest, v);
  for (double& v : p) total += v = std::exp(v - largest);
  for (double& v : p) v /= total;
  return p;
}

}  // namespace attn::naive
