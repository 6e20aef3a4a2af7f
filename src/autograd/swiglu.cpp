#include "autograd/swiglu.h"

#include "base/error.h"

namespace attn {

namespace {

constexpr std::int64_t kRowGrain = 16;

struct Backward {
  Context* context;
  Tensor gate_up, out;

  void operator()() const {
    if (!gate_up.gradient) return;
    const GradientWrite d = context->tape->write(gate_up);
    parallel_ranges(*context, out.rows(), kRowGrain, 30.0 * static_cast<double>(out.size()),
                    [&](std::int64_t begin, std::int64_t end) {
                      context->kernels.swiglu_backward(gate_up.data, out.gradient->data, d.data, d.accumulate,
                                                       out.columns(), begin, end);
                    });
  }
};

}  // namespace

Tensor swiglu(Context& context, Tensor gate_up) {
  if (gate_up.columns() % 2 != 0) fail("swiglu: expected an even number of columns, found ", gate_up.columns());
  const Tensor out = context.make(Shape::matrix(gate_up.rows(), gate_up.columns() / 2));
  parallel_ranges(context, out.rows(), kRowGrain, 20.0 * static_cast<double>(out.size()),
                  [&](std::int64_t begin, std::int64_t end) {
                    context.kernels.swiglu(gate_up.data, out.data, out.columns(), begin, end);
                  });
  if (context.tape) context.tape->record(Backward{&context, gate_up, out}, out);
  return out;
}

}  // namespace attn
