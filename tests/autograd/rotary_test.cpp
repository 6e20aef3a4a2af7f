#include "autograd/rotary.h"

#include <numeric>

#include "autograd/gradient_check.h"
#include "autograd/select_rows.h"
#include "base/error.h"
#include "nn/positions.h"
#include "support/workbench.h"

namespace attn {
namespace {

constexpr int kContext = 20;
const std::vector<std::int32_t> kPositions{0, 1, 5, 19, 5};

/// A copy of x with its first heads rotated; the copy, because rotary works in place.
Operation rotate(std::int64_t heads, std::int64_t d_head, const std::vector<std::int32_t>& positions,
                 const RotaryAngles& angles) {
  return [heads, d_head, &positions, &angles](Context& context, const std::vector<Tensor>& in) {
    static const std::vector<std::int32_t> rows = [] {
      std::vector<std::int32_t> all(1000);
      std::iota(all.begin(), all.end(), 0);
      return all;
    }();
    const Tensor copy = select_rows(context, in[0], rows.data(), in[0].rows());
    rotary(context, copy, heads, d_head, positions.data(), angles.table());
    return copy;
  };
}

GRADIENT_TEST(rotary, "one and several heads, with columns behind them that stay as they are") {
  for_every_instruction_set([](const simd::Kernels& kernels) {
    for (const std::int64_t d_head : {2, 6, 16, 18, 34, 64}) {
      const RotaryAngles angles(kContext, static_cast<int>(d_head), 100);
      for (const std::int64_t heads : {1, 3}) {
        CAPTURE(d_head);
        CAPTURE(heads);
        const Shape shape = Shape::matrix(5, heads * d_head + 3);
        CHECK(gradient_errors({.kernels = &kernels}, {random_input("x", shape, 1)},
                              rotate(heads, d_head, kPositions, angles)) == "");
      }
    }
  });
}

GRADIENT_TEST(rotary, "many rows on several threads") {
  const RotaryAngles angles(400, 32, 10000);
  std::vector<std::int32_t> positions(400);
  std::iota(positions.begin(), positions.end(), 0);
  for_every_instruction_set([&](const simd::Kernels& kernels) {
    CHECK(large_input_errors({.kernels = &kernels}, {random_input("x", Shape::matrix(400, 8 * 32), 1)},
                             rotate(8, 32, positions, angles)) == "");
  });
}

TEST_CASE("rotary: the product of a query and a key depends on their distance alone") {
  const RotaryAngles angles(kContext, 10, 10000);
  for_every_instruction_set([&](const simd::Kernels& kernels) {
    Workbench bench(kernels);
    Context& context = bench.context;
    const std::vector<float> query = random_values(10, 1), key = random_values(10, 2);
    const auto product = [&](std::int32_t query_position, std::int32_t key_position) {
      std::vector<float> rows = query;
      rows.insert(rows.end(), key.begin(), key.end());
      const std::int32_t positions[] = {query_position, key_position};
      rotary(context, {rows.data(), nullptr, Shape::matrix(2, 10)}, 1, 10, positions, angles.table());
      return std::inner_product(rows.begin(), rows.begin() + 10, rows.begin() + 10, 0.0);
    };
    CHECK(product(3, 1) == doctest::Approx(product(9, 7)).epsilon(1e-5));
    CHECK(product(19, 4) == doctest::Approx(product(15, 0)).epsilon(1e-5));
    CHECK(product(3, 1) != doctest::Approx(product(1, 3)).epsilon(1e-3));
    CHECK(product(0, 0) == doctest::Approx(std::inner_product(query.begin(), query.end(), key.begin(), 0.0)));
  });
}

TEST_CASE("rotary: odd heads, heads that do not fit and positions outside the table are refused") {
  Workbench bench(*available_kernels().front());
  Context& context = bench.context;
  const RotaryAngles angles(kContext, 4, 10000);
  const Tensor x = context.make(Shape::matrix(1, 8));
  std::int32_t position = 0;
  CHECK_THROWS_WITH_AS(rotary(context, x, 1, 3, &position, angles.table()),
                       "rotary: the head size must be even, found 3", Error);
  CHECK_THROWS_WITH_AS(rotary(context, x, 3, 4, &position, angles.table()),
                       "rotary: 3 heads of 4 do not fit in 8 columns", Error);
  for (const std::int32_t outside : {-1, kContext}) {
    position = outside;
    CHECK_THROWS_AS(rotary(context, x, 2, 4, &position, angles.table()), Error);
  }
}

}  // namespace
}  // namespace attn
