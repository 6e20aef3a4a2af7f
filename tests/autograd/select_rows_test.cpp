#include "autograd/select_rows.h"

#include "autograd/gradient_check.h"
#include "base/error.h"
#include "support/workbench.h"

namespace attn {
namespace {

const std::vector<std::int32_t> kRows{4, 0, 4, 2};

GRADIENT_TEST(select_rows, "repeated rows, and rows that nobody selects") {
  for_every_instruction_set([](const simd::Kernels& kernels) {
    for (const std::int64_t columns : {1, 7, 16, 35}) {
      CAPTURE(columns);
      CHECK(gradient_errors({.kernels = &kernels}, {random_input("x", Shape::matrix(5, columns), 1)},
                            [](Context& context, const std::vector<Tensor>& in) {
                              return select_rows(context, in[0], kRows.data(), 4);
                            }) == "");
    }
  });
}

TEST_CASE("select rows: copies, and refuses rows that do not exist") {
  Workbench bench(*available_kernels().front());
  Context& context = bench.context;
  std::vector<float> values = random_values(15, 1);
  const Tensor x{values.data(), nullptr, Shape::matrix(5, 3)};
  const Tensor y = select_rows(context, x, kRows.data(), 4);
  REQUIRE(y.shape == Shape::matrix(4, 3));
  for (std::size_t i = 0; i < 12; ++i) {
    CHECK(y.data[i] == values[static_cast<std::size_t>(kRows[i / 3]) * 3 + i % 3]);
  }
  const std::vector<std::int32_t> high{5}, low{-1};
  CHECK_THROWS_WITH_AS(select_rows(context, x, high.data(), 1), "select_rows: row 5 is outside (5, 3)", Error);
  CHECK_THROWS_WITH_AS(select_rows(context, x, low.data(), 1), "select_rows: row -1 is outside (5, 3)", Error);
}

}  // namespace
}  // namespace attn
