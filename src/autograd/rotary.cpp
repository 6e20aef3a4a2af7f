#include "autograd/rotary.h"

#include "base/error.h"

namespace attn {

namespace {

constexpr std::int64_t kRowGrain = 32;

void rotate(Context& context, const simd::Rotary& arguments, std::int64_t rows) {
  const double flops = 3.0 * static_cast<double>(rows * arguments.heads * arguments.d_head);
  parallel_ranges(context, rows, kRowGrain, flops,
                  [&](std::int64_t begin, std::int64_t end) { context.kernels.rotary(arguments, begin, end); });
}

struct Backward {
  Context* context;
  Tensor x;
  simd::Rotary arguments;

  // The transpose of a rotation is the rotation the other way.
  void operator()() const {
    simd::Rotary inverse = arguments;
    inverse.x = x.gradient->data;
    inverse.inverse = true;
    rotate(*context, inverse, x.rows());
  }
};

}  // namespace

void rotary(Context& context, Tensor x, std::int64_t heads, std::int64_t d_head, const std::int32_t* positions,
            RotaryTable table) {
  if (d_head % 2 != 0) fail("rotary: the head size must be even, found ", d_head);
  if (heads * d_head > x.columns()) {
    fail("rotary: ", heads, " heads of ", d_head, " do not fit in ", x.columns(), " columns");
  }
  for (std::int64_t i = 0; i < x.rows(); ++i) {
    if (positions[i] < 0 || positions[i] >= table.context) {
      fail("rotary: position ", positions[i], " is outside the table of ", table.context, " positions");
    }
  }
  const simd::Rotary arguments{.x = x.data,
                               .ld = x.columns(),
                               .heads = heads,
                               .d_head = d_head,
                               .positions = positions,
                               .cosines = table.cosines,
                               .sines = table.sines};
  rotate(context, arguments, x.rows());
  if (context.tape) context.tape->record_in_place(Backward{&context, x, arguments}, x);
}

}  // namespace attn
