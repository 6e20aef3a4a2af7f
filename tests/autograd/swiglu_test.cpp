#include "autograd/swiglu.h"

#include <cmath>

#include "autograd/gradient_check.h"
#include "base/error.h"
#include "support/workbench.h"

namespace attn {
namespace {

const Operation kGate = [](Context& context, const std::vector<Tensor>& in) { return swiglu(context, in[0]); };

GRADIENT_TEST(swiglu, "widths around a register, small and large values") {
  for_every_instruction_set([](const simd::Kernels& kernels) {
    for (const std::int64_t d_ff : {1, 4, 7, 8, 15, 16, 17, 33}) {
      for (const float range : {1.0f, 6.0f}) {
        CAPTURE(d_ff);
        CAPTURE(range);
        CHECK(gradient_errors({.kernels = &kernels}, {random_input("gate_up", Shape::matrix(3, 2 * d_ff), 1, range)},
                              kGate) == "");
      }
    }
  });
}

GRADIENT_TEST(swiglu, "many rows on several threads") {
  for_every_instruction_set([](const simd::Kernels& kernels) {
    CHECK(large_input_errors({.kernels = &kernels}, {random_input("gate_up", Shape::matrix(301, 258), 1)}, kGate) ==
          "");
  });
}

TEST_CASE("swiglu: silu(gate) times up") {
  for_every_instruction_set([&](const simd::Kernels& kernels) {
    Workbench bench(kernels);
    Context& context = bench.context;
    std::vector<float> values = random_values(4 * 22, 1, 8);
    const Tensor y = swiglu(context, {values.data(), nullptr, Shape::matrix(4, 22)});
    REQUIRE(y.shape == Shape::matrix(4, 11));
    for (std::int64_t row = 0; row < 4; ++row) {
      for (std::int64_t column = 0; column < 11; ++column) {
        const double gate = values[static_cast<std::size_t>(row * 22 + column)];
        const double up = values[static_cast<std::size_t>(row * 22 + 11 + column)];
        CHECK(y.data[row * 11 + column] == doctest::Approx(gate / (1 + std::exp(-gate)) * up).epsilon(1e-5));
      }
    }
  });
}

TEST_CASE("swiglu: an odd number of columns is refused") {
  Workbench bench(*available_kernels().front());
  Context& context = bench.context;
  CHECK_THROWS_WITH_AS(swiglu(context, context.make(Shape::matrix(2, 5))),
                       "swiglu: expected an even number of columns, found 5", Error);
}

}  // namespace
}  // namespace attn
