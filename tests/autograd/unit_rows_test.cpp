#include "autograd/unit_rows.h"

#include <cmath>

#include "autograd/gradient_check.h"
#include "support/workbench.h"

namespace attn {
namespace {

GRADIENT_TEST(unit_rows, "rows shorter and longer than a register, with a scale") {
  for_every_instruction_set([](const simd::Kernels& kernels) {
    for (const std::int64_t columns : {2, 7, 16, 35}) {
      CAPTURE(columns);
      CHECK(gradient_errors(
                {.kernels = &kernels}, {random_input("x", Shape::matrix(4, columns), 1)},
                [](Context& context, const std::vector<Tensor>& in) { return unit_rows(context, in[0], 20); }) == "");
    }
  });
}

TEST_CASE("unit rows: lengths and directions, whatever the size; zeros stay") {
  for_every_instruction_set([](const simd::Kernels& kernels) {
    Workbench bench(kernels);
    constexpr std::int64_t kColumns = 37;
    for (const float size : {1e-6f, 1.0f, 1e6f}) {
      std::vector<float> values = random_values(2 * kColumns, 1, size);
      std::fill_n(values.begin() + kColumns, kColumns, 0.0f);
      const Tensor y = unit_rows(bench.context, {values.data(), nullptr, Shape::matrix(2, kColumns)}, 3);
      double norm = 0;
      for (std::size_t i = 0; i < kColumns; ++i) norm += std::pow(static_cast<double>(values[i]), 2);
      norm = std::sqrt(norm);
      for (std::size_t i = 0; i < kColumns; ++i) {
        CHECK(y.data[i] == doctest::Approx(3 * static_cast<double>(values[i]) / norm).epsilon(1e-5));
        CHECK(y.data[kColumns + i] == 0);
      }
    }
  });
}

}  // namespace
}  // namespace attn
