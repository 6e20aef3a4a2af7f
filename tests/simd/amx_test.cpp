// Products on a matrix unit, where this machine has one.

#include <doctest/doctest.h>

#include <string_view>

#include "matmul_case.h"

namespace attn::test {
namespace {

template <class Function>
void with_amx(Function function) {
  if (const Kernels* const kernels = simd::kernels_named("avx512amx")) function(*kernels);
}

void check_forms(const Kernels& kernels, MatmulCase c) {
  for (const Form form : kForms) {
    c.form = form;
    CAPTURE(c.bf16);
    const simd::MatmulPlan plan = kernels.plan_matmul({.form = form, .m = c.m, .n = c.n, .k = c.k, .bf16 = c.bf16});
    CHECK(plan.method == simd::MatmulMethod::amx);
    check_matmul(kernels, c);
  }
}

/// In every form, and in bfloat16.
void check_all(const Kernels& kernels, MatmulCase c) {
  for (const bool bf16 : {false, true}) {
    c.bf16 = bf16;
    check_forms(kernels, c);
  }
}

TEST_CASE("amx: every tail of rows, columns and depth") {
  with_amx([](const Kernels& kernels) {
    for (const std::int64_t tail : {1, 15, 16, 17, 31, 32}) {
      const std::int64_t pad = tail % 4;
      check_all(kernels, {.m = 480 + tail, .n = 256, .k = 128, .pad = pad, .bias = true});
      check_all(kernels, {.m = 256, .n = 320 + tail, .k = 96, .pad = pad, .accumulate = true});
      check_all(kernels, {.m = 320, .n = 320, .k = 160 + tail, .pad = pad});
    }
    check_all(kernels, {.m = 497, .n = 323, .k = 125, .pad = 1, .accumulate = true});
  });
}

TEST_CASE("amx: several rounds of depth and of columns, blocks of few rows, bias, activations and slopes") {
  with_amx([](const Kernels& kernels) {
    check_all(kernels, {.m = 194, .n = 250, .k = 1100, .pad = 3});
    check_all(kernels, {.m = 192, .n = 1500, .k = 520, .pad = 1, .accumulate = true});
    check_all(kernels, {.m = 225, .n = 288, .k = 780, .bias = true, .slopes = true, .activation = Activation::gelu});
    check_all(kernels, {.m = 200, .n = 999, .k = 513, .slopes = true, .activation = Activation::relu});
    // Large products have blocks for many threads, also of few rows.
    CHECK(kernels.plan_matmul({.m = 4096, .n = 4096, .k = 4096}).blocks >= 64);
    CHECK(kernels.plan_matmul({.m = 64, .n = 3072, .k = 768, .bf16 = true}).blocks > 2);
  });
}

TEST_CASE("amx: few rows of bfloat16, whose blocks copy their columns for themselves, in parts of the depth") {
  with_amx([](const Kernels& kernels) {
    const simd::MatmulPlan plan = kernels.plan_matmul({.m = 96, .n = 1003, .k = 1030, .bf16 = true});
    CHECK(plan.pack_blocks == 0);
    CHECK(plan.rounds == 1);
    CHECK(plan.parts > 1);
    CHECK(plan.blocks > 2);
    check_forms(kernels, {.m = 96, .n = 1003, .k = 1030, .pad = 1, .bias = true, .bf16 = true});
    check_forms(kernels, {.m = 95, .n = 1030, .k = 520, .accumulate = true, .bf16 = true});
    check_forms(kernels,
                {.m = 90, .n = 1540, .k = 220, .pad = 2, .slopes = true, .activation = Activation::gelu, .bf16 = true});
    check_forms(kernels, {.m = 46, .n = 1030, .k = 512, .pad = 3, .bias = true, .bf16 = true});
    check_forms(kernels, {.m = 50, .n = 190, .k = 1100, .accumulate = true, .bf16 = true});
    // A single block.
    check_forms(kernels, {.m = 130, .n = 120, .k = 128, .pad = 1, .bias = true, .bf16 = true});
    CHECK(kernels.plan_matmul({.m = 130, .n = 120, .k = 128, .bf16 = true}).blocks == 1);
  });
}

TEST_CASE("amx: left to the vector units are products of f32 that are small, have few rows, or would save little") {
  with_amx([](const Kernels& kernels) {
    const auto uses_amx = [&](Matmul p) { return kernels.plan_matmul(p).method == simd::MatmulMethod::amx; };
    CHECK_FALSE(uses_amx({.m = 96, .n = 128, .k = 128}));
    CHECK(uses_amx({.m = 96, .n = 128, .k = 128, .bf16 = true}));
    CHECK_FALSE(uses_amx({.m = 96, .n = 1536, .k = 1536}));
    CHECK(uses_amx({.m = 97, .n = 1536, .k = 1536}));
    // A third step of k that is almost empty.
    CHECK_FALSE(uses_amx({.m = 768, .n = 1536, .k = 65}));
    CHECK(uses_amx({.m = 768, .n = 1536, .k = 96}));
  });
}

/// The root of the mean of squares of all errors, relative to what a row and a column could sum up to.
double error_of_product(const Kernels& kernels, const Matmul& p, const naive::Doubles& expected,
                        const std::vector<double>& magnitudes) {
  run_matmul(kernels, p);
  double squares = 0;
  for (std::int64_t i = 0; i < p.m * p.n; ++i) {
    const auto at = static_cast<std::size_t>(i);
    const double error = (p.c[i] - expected[at]) / magnitudes[at];
    squares += error * error;
  }
  return std::sqrt(squares / static_cast<double>(p.m * p.n));
}

TEST_CASE("amx: sums of three parts' products are as exact as fused multiply-adds") {
  constexpr std::int64_t kRows = 192, kColumns = 160, kDepth = 256;
  Array a(kRows * kDepth), b(kDepth * kColumns), c(kRows * kColumns);
  const Matmul p{
      .m = kRows, .n = kColumns, .k = kDepth, .a = a, .lda = kDepth, .b = b, .ldb = kColumns, .c = c, .ldc = kColumns};
  Matmul sizes = p;
  Array a_size(a.size()), b_size(b.size());
  sizes.a = a_size;
  sizes.b = b_size;
  with_amx([&](const Kernels& kernels) {
    REQUIRE(kernels.plan_matmul(p).method == simd::MatmulMethod::amx);
    const Kernels& fused = *simd::kernels_named("avx512");
    for (const int range : {0, 8, 60}) {  // of exponents
      CAPTURE(range);
      for (const bool positive : {false, true}) {
        a.fill_random(1);
        b.fill_random(2);
        for (Array* x : {&a, &b}) {
          for (std::int64_t i = 0; i < x->size(); ++i) {
            const float value = std::ldexp((*x)[i], static_cast<int>(i * 7919 % (range + 1)) - range / 2);
            (*x)[i] = positive ? std::fabs(value) : value;
          }
        }
        for (std::int64_t i = 0; i < a.size(); ++i) a_size[i] = std::fabs(a[i]);
        for (std::int64_t i = 0; i < b.size(); ++i) b_size[i] = std::fabs(b[i]);
        const naive::Doubles expected = naive::matmul(p), magnitudes = naive::matmul(sizes);
        const double ours = error_of_product(kernels, p, expected, magnitudes);
        CHECK(ours < 1.1 * error_of_product(fused, p, expected, magnitudes));
        CHECK(ours < 4 * kFloatEpsilon);
      }
    }
  });
}

TEST_CASE("amx: a single product errs by less than two roundings") {
  constexpr std::int64_t kSize = 192;
  Array a(kSize * kSize), b(kSize * kSize), c(kSize * kSize);
  const Matmul p{.m = kSize, .n = kSize, .k = kSize, .a = a, .lda = kSize, .b = b, .ldb = kSize, .c = c, .ldc = kSize};
  with_amx([&](const Kernels& kernels) {
    REQUIRE(kernels.plan_matmul(p).method == simd::MatmulMethod::amx);
    const RandomStream random(3, RandomPurpose::data);
    for (std::int64_t i = 0; i < a.size(); ++i) {
      a[i] = 1 + static_cast<float>(random.uniform(static_cast<std::uint64_t>(i)));
    }
    a[5] = 0x1.01ffp+0f;
    b.fill(0);
    for (std::int64_t i = 0; i < kSize; ++i) b[i * kSize + i] = a[i * kSize + 5 * (i % 2)];
    run_matmul(kernels, p);
    double worst = 0;
    for (std::int64_t i = 0; i < c.size(); ++i) {
      const double product = double{a[i]} * b[i % kSize * (kSize + 1)];
      worst = std::max(worst, std::fabs(c[i] / product - 1));
    }
    CHECK(worst < 2 * kFloatEpsilon);
  });
}

TEST_CASE("amx: the peak is counted in whole registers, on the units that other instruction sets do not use") {
  for_each_instruction_set([](const Kernels& kernels) {
    CHECK((kernels.matrix_peak != nullptr) == (std::string_view(kernels.name) == "avx512amx"));
    if (!kernels.matrix_peak) return;
    Array sink(simd::kMatrixSink);
    sink.fill(1);
    CHECK(kernels.matrix_peak(10, sink) == 10 * 4 * 16 * 16 * 64);
    CHECK(sink[simd::kMatrixSink - 1] == 0);
  });
}

TEST_CASE("amx: the largest numbers, small ones, and what is not finite") {
  using Limits = std::numeric_limits<float>;
  constexpr std::int64_t kSize = 192;
  Array a(kSize * kSize), b(kSize * kSize), c(kSize * kSize);
  const Matmul p{.m = kSize, .n = kSize, .k = kSize, .a = a, .lda = kSize, .b = b, .ldb = kSize, .c = c, .ldc = kSize};
  with_amx([&](const Kernels& kernels) {
    REQUIRE(kernels.plan_matmul(p).method == simd::MatmulMethod::amx);
    // a times a multiple of the identity is exact.
    const auto is_exact = [&](float factor) {
      b.fill(0);
      for (std::int64_t i = 0; i < kSize; ++i) b[i * kSize + i] = factor;
      run_matmul(kernels, p);
      bool exact = true;
      for (std::int64_t i = 0; i < c.size(); ++i) exact &= c[i] == a[i] * factor;
      return exact;
    };
    a.fill_random(1);
    CHECK(is_exact(1.0f));
    CHECK(is_exact(-0.25f));
    a.fill(0x1.fefffep+127f);
    CHECK(is_exact(1.0f));
    CHECK(is_exact(-0.5f));
    a.fill(std::ldexp(1.2345678f, -100));
    CHECK(is_exact(4.0f));

    // Parts of these are no normal numbers, and may be lost.
    for (std::int64_t i = 0; i < a.size(); ++i) a[i] = std::ldexp(1.2345678f, -105 - static_cast<int>(i % 45));
    is_exact(1.0f);
    double worst = 0;
    for (std::int64_t i = 0; i < c.size(); ++i) worst = std::max(worst, std::fabs(double{c[i]} - a[i]));
    CHECK(worst < 0x1p-125);

    for (const float special : {Limits::max(), Limits::infinity(), Limits::quiet_NaN()}) {
      a.fill(1);
      b.fill(2);
      a[5 * kSize + 40] = special;
      b[50 * kSize + 7] = special;
      run_matmul(kernels, p);
      bool as_expected = true;
      for (std::int64_t i = 0; i < c.size(); ++i) {
        const bool touched = i / kSize == 5 || i % kSize == 7;
        as_expected &= touched ? !std::isfinite(c[i]) : c[i] == 2 * kSize;
      }
      CHECK(as_expected);
    }
  });
}

}  // namespace
}  // namespace attn::test
