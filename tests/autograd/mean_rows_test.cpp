#include "autograd/mean_rows.h"

#include "autograd/gradient_check.h"
#include "base/error.h"
#include "support/workbench.h"

namespace attn {
namespace {

Operation means_of(const std::vector<std::int32_t>& starts) {
  return [&starts](Context& context, const std::vector<Tensor>& in) {
    return mean_rows(context, in[0], starts.data(), static_cast<std::int64_t>(starts.size()) - 1);
  };
}

GRADIENT_TEST(mean_rows, "sequences of one row and of several") {
  const std::vector<std::int32_t> starts{0, 1, 6, 8, 9, 16};
  for_every_instruction_set([&](const simd::Kernels& kernels) {
    for (const std::int64_t columns : {1, 7, 16, 35}) {
      CAPTURE(columns);
      CHECK(gradient_errors({.kernels = &kernels}, {random_input("x", Shape::matrix(16, columns), 1)},
                            means_of(starts)) == "");
    }
  });
}

GRADIENT_TEST(mean_rows, "many sequences on several threads") {
  std::vector<std::int32_t> starts{0};
  for (std::int32_t b = 0; b < 200; ++b) starts.push_back(starts.back() + 1 + b % 23);
  for_every_instruction_set([&](const simd::Kernels& kernels) {
    CHECK(large_input_errors({.kernels = &kernels}, {random_input("x", Shape::matrix(starts.back(), 130), 1)},
                             means_of(starts)) == "");
  });
}

TEST_CASE("mean rows: values, and sequences that cannot be") {
  Workbench bench(*available_kernels().front());
  Context& context = bench.context;
  std::vector<float> values{1, 2, 3, 4, 5, 60};
  const Tensor x{values.data(), nullptr, Shape::matrix(3, 2)};
  const std::vector<std::int32_t> starts{0, 2, 3}, empty{0, 3, 3}, few{0, 1, 2};
  const Tensor y = mean_rows(context, x, starts.data(), 2);
  REQUIRE(y.shape == Shape::matrix(2, 2));
  CHECK(std::vector<float>(y.data, y.data + 4) == std::vector<float>{2, 3, 5, 60});
  CHECK_THROWS_WITH_AS(mean_rows(context, x, empty.data(), 2), "mean_rows: sequence 1 has no rows", Error);
  CHECK_THROWS_WITH_AS(mean_rows(context, x, few.data(), 2), "mean_rows: the sequences are rows 0 to 2 of (3, 2)",
                       Error);
}

}  // namespace
}  // namespace attn
