#include "autograd/residual_norm.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "autograd/gradient_check.h"
#include "autograd/select_rows.h"
#include "base/error.h"
#include "support/workbench.h"

namespace attn {
namespace {

constexpr float kEps = 1e-5f;

enum class Used { sum, normed, both };

struct Case {
  NormKind kind = NormKind::layer;
  bool with_delta = true;
  float dropout = 0;
  Used used = Used::both;
};

/// x, delta (n, columns), gain, bias (columns): delta and bias where the case has them.
std::vector<GradientInput> inputs_of(const Case& c, std::int64_t n, std::int64_t columns) {
  std::vector<GradientInput> inputs{random_input("x", Shape::matrix(n, columns), 1),
                                    random_input("gain", Shape::vector(columns), 3)};
  if (c.with_delta) inputs.push_back(random_input("delta", Shape::matrix(n, columns), 2));
  if (c.kind == NormKind::layer) inputs.push_back(random_input("bias", Shape::vector(columns), 4));
  return inputs;
}

/// Of an input, as the sum takes delta's place.
Tensor copy_of(Context& context, Tensor x) {
  const auto rows = static_cast<std::size_t>(x.rows());
  auto* all = context.arena.array<std::int32_t>(rows);
  std::iota(all, all + rows, 0);
  return select_rows(context, x, all, x.rows());
}

Operation normalise(const Case& c) {
  return [c](Context& context, const std::vector<Tensor>& in) -> OperationResult {
    const Tensor delta = c.with_delta ? copy_of(context, in[2]) : Tensor{};
    const Tensor bias = c.kind == NormKind::layer ? in.back() : Tensor{};
    const auto [sum, normed] = residual_norm(context, c.kind, kEps, in[0], delta, c.dropout, in[1], bias);
    if (c.used == Used::sum) return sum;
    if (c.used == Used::normed) return normed;
    return {sum, normed};
  };
}

template <class Check>
void for_every_case(const Check& check) {
  for (const NormKind kind : {NormKind::layer, NormKind::rms}) {
    for (const bool with_delta : {true, false}) {
      for (const float dropout : {0.0f, 0.3f}) {
        for (const Used used : {Used::sum, Used::normed, Used::both}) {
          CAPTURE(static_cast<int>(kind));
          CAPTURE(with_delta);
          CAPTURE(dropout);
          CAPTURE(static_cast<int>(used));
          check(Case{kind, with_delta, dropout, used});
        }
      }
    }
  }
}

GRADIENT_TEST(residual_norm, "both norms, with and without delta and dropout, whatever result is used") {
  for_every_instruction_set([](const simd::Kernels& kernels) {
    for_every_case([&](const Case& c) {
      const GradientCheck check{.kernels = &kernels, .training = true};
      CHECK(gradient_errors(check, inputs_of(c, 5, 19), normalise(c)) == "");
    });
  });
}

GRADIENT_TEST(residual_norm, "rows shorter and longer than a register") {
  for_every_instruction_set([](const simd::Kernels& kernels) {
    for (const std::int64_t columns : {3, 8, 16, 17, 33, 70}) {
      CAPTURE(columns);
      for (const NormKind kind : {NormKind::layer, NormKind::rms}) {
        const Case c{.kind = kind};
        CHECK(gradient_errors({.kernels = &kernels}, inputs_of(c, 3, columns), normalise(c)) == "");
      }
    }
  });
}

GRADIENT_TEST(residual_norm, "many blocks of rows on several threads") {
  for_every_instruction_set([](const simd::Kernels& kernels) {
    for_every_case([&](const Case& c) {
      const GradientCheck check{.kernels = &kernels, .training = true};
      CHECK(large_input_errors(check, inputs_of(c, 333, 70), normalise(c)) == "");
    });
  });
}

TEST_CASE("residual norm: rows have mean 0 and deviation 1, or a mean square of 1") {
  for_every_instruction_set([&](const simd::Kernels& kernels) {
    Workbench bench(kernels);
    Context& context = bench.context;
    std::vector<float> x = random_values(3 * 37, 1, 4), gain(37, 1.0f);
    const Tensor input{x.data(), nullptr, Shape::matrix(3, 37)}, ones{gain.data(), nullptr, Shape::vector(37)};
    for (const NormKind kind : {NormKind::layer, NormKind::rms}) {
      const Tensor y = residual_norm(context, kind, 0, input, {}, 0, ones, {}).normed;
      for (std::int64_t row = 0; row < 3; ++row) {
        double sum = 0, squares = 0;
        for (std::int64_t i = row * 37; i < (row + 1) * 37; ++i) {
          sum += y.data[i];
          squares += static_cast<double>(y.data[i]) * y.data[i];
        }
        if (kind == NormKind::layer) CHECK(std::abs(sum) < 1e-4);
        CHECK(squares == doctest::Approx(37).epsilon(1e-4));
      }
    }
  });
}

TEST_CASE("residual norm: dropout acts on delta alone, only in training, and keeps its mean") {
  constexpr std::int64_t kRows = 100, kColumns = 40;
  std::vector<float> x(kRows * kColumns, 0.0f), gain(kColumns, 1.0f);
  const Shape shape = Shape::matrix(kRows, kColumns);
  for_every_instruction_set([&](const simd::Kernels& kernels) {
    Workbench bench(kernels);
    Context& context = bench.context;
    const auto sum_of = [&](float rate) {
      const Tensor delta = context.make(shape);
      std::fill_n(delta.data, delta.size(), 1.0f);
      return residual_norm(context, NormKind::layer, kEps, {x.data(), nullptr, shape}, delta, rate,
                           {gain.data(), nullptr, Shape::vector(kColumns)}, {})
          .sum;
    };
    const Tensor evaluated = sum_of(0.25f);
    for (std::int64_t i = 0; i < evaluated.size(); ++i) REQUIRE(evaluated.data[i] == 1.0f);

    context.training = true;
    const Tensor first = sum_of(0.25f), second = sum_of(0.25f);
    std::int64_t dropped = 0, different = 0;
    for (std::int64_t i = 0; i < first.size(); ++i) {
      const bool is_dropped = first.data[i] == 0;
      if (!is_dropped) REQUIRE(first.data[i] == doctest::Approx(1 / 0.75));
      dropped += is_dropped;
      different += is_dropped != (second.data[i] == 0);
    }
    // 4000 draws: 1000 ± 4 standard deviations of 27.4; two masks differ in 2·0.25·0.75 of them.
    CHECK(std::abs(dropped - 1000) < 110);
    CHECK(std::abs(different - 1500) < 125);
  });
}

TEST_CASE("residual norm: shapes that do not fit are named") {
  Workbench bench(*available_kernels().front());
  Context& context = bench.context;
  const Tensor x = context.make(Shape::matrix(2, 3)), delta = context.make(Shape::matrix(3, 2));
  const Tensor gain = context.make(Shape::vector(3));
  CHECK_THROWS_WITH_AS(residual_norm(context, NormKind::layer, kEps, x, delta, 0, gain, {}),
                       "residual_norm: delta has shape (3, 2), expected (2, 3)", Error);
  CHECK_THROWS_WITH_AS(residual_norm(context, NormKind::layer, kEps, delta, {}, 0, gain, {}),
                       "residual_norm: gain has shape (3), expected (2)", Error);
}

}  // namespace
}  // namespace attn
