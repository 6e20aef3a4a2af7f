#pragma once
// One product of random numbers, compared with the same in double precision.

#include <doctest/doctest.h>

#include "naive.h"
#include "support.h"

namespace attn::test {

using simd::Activation;
using simd::Form;
using simd::Kernels;
using simd::Matmul;

struct MatmulCase {
  Form form = Form::NN;
  std::int64_t m, n, k;
  std::int64_t pad = 0;  // leading dimensions beyond the widths, and the misalignment of the operands
  bool accumulate = false, bias = false, slopes = false;
  Activation activation = Activation::none;
  bool bytes = false;  // b
  bool bf16 = false;
};

/// (rows, ld) of whole numbers; what stands beyond the columns must not count.
inline std::vector<std::int8_t> random_bytes(std::int64_t rows, std::int64_t ld) {
  const RandomStream random(6, RandomPurpose::data);
  std::vector<std::int8_t> bytes(static_cast<std::size_t>(rows * ld));
  for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<std::int8_t>(random.below(i, 255) - 127);
  return bytes;
}

inline void check_matmul(const Kernels& kernels, const MatmulCase& c) {
  CAPTURE(static_cast<int>(c.form));
  CAPTURE(c.m);
  CAPTURE(c.n);
  CAPTURE(c.k);
  CAPTURE(c.pad);
  Matmul p;
  p.form = c.form;
  p.m = c.m;
  p.n = c.n;
  p.k = c.k;
  p.lda = (c.form == Form::TN ? c.m : c.k) + c.pad;
  p.ldb = (c.form == Form::NT ? c.k : c.n) + c.pad;
  p.ldc = c.n + c.pad;
  const std::int64_t offset = c.pad % 16;  // from an aligned address
  Array a(p.lda * (c.form == Form::TN ? c.k : c.m), offset), b(p.ldb * (c.form == Form::NT ? c.n : c.k), offset);
  Array out(p.ldc * c.m, offset), slopes(p.ldc * c.m), bias(c.n, offset);
  p.a = a.fill_random(1);
  p.b = b.fill_random(2);
  std::vector<std::int8_t> bytes;
  Array scales(c.n, offset);
  if (c.bytes) {
    p.b = nullptr;
    p.ldb = (c.k + simd::kByteRowUnit - 1 + 8 * c.pad) / simd::kByteRowUnit * simd::kByteRowUnit;
    bytes = random_bytes(c.n, p.ldb);
    p.b_bytes = bytes.data();
    p.byte_scales = scales.fill_random(5, 0.01);
  }
  p.c = out.fill_random(3);
  p.bias = c.bias ? bias.fill_random(4).data() : nullptr;
  p.slopes = c.slopes ? slopes.fill(7).data() : nullptr;
  p.accumulate = c.accumulate;
  p.activation = c.activation;
  p.bf16 = c.bf16;
  const std::vector<float> before = out.copy();
  run_matmul(kernels, p);

  const naive::Doubles expected = naive::matmul(p, kernels.plan_matmul(p).pairs.scaled);
  // A sum of k products of normal numbers errs by about sqrt(k) roundings; ten of them are never reached by
  // chance.
  const double magnitude = std::sqrt(static_cast<double>(c.k)) + 4;
  double worst = 0;
  bool padding_untouched = true;
  for (std::int64_t i = 0; i < c.m; ++i) {
    for (std::int64_t j = 0; j < p.ldc; ++j) {
      const auto at = static_cast<std::size_t>(i * p.ldc + j);
      if (j >= c.n) {
        padding_untouched &= out[static_cast<std::int64_t>(at)] == before[at];
        continue;
      }
      const double sum = expected[static_cast<std::size_t>(i * c.n + j)];
      const double wanted = naive::activate(c.activation, sum) + (c.accumulate ? before[at] : 0.0);
      worst = std::max(worst, error_of(p.c[at], wanted, magnitude));
      if (p.slopes) {
        const double slope = keeps_slope(c.activation) ? naive::activation_slope(c.activation, sum) : 7;
        worst = std::max(worst, error_of(p.slopes[at], slope, magnitude));
      }
    }
  }
  CHECK(worst < 20 * kFloatEpsilon * std::sqrt(magnitude));
  CHECK(padding_untouched);
}

constexpr Form kForms[] = {Form::NN, Form::NT, Form::TN};

}  // namespace attn::test
