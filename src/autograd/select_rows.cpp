#include "autograd/select_rows.h"

#include <algorithm>

#include "base/error.h"

namespace attn {

namespace {

struct Backward {
  Context* context;
  Tensor x, out;
  const std::int32_t* rows;

  void operator()() const {
    if (!x.gradient) return;
    const GradientWrite d = context->tape->write(x);
    const std::int64_t columns = x.columns();
    if (!d.accumulate) std::fill_n(d.data, x.size(), 0.0f);
    for (std::int64_t i = 0; i < out.rows(); ++i) {
      float* target = d.data + rows[i] * columns;
      context->kernels.add(target, out.gradient->data + i * columns, target, 0, columns);
    }
  }
};

}  // namespace

Tensor select_rows(Context& context, Tensor x, const std::int32_t* rows, std::int64_t count) {
  const Tensor out = context.make(Shape::matrix(count, x.columns()));
  for (std::int64_t i = 0; i < count; ++i) {
    if (rows[i] < 0 || rows[i] >= x.rows()) fail("select_rows: row ", rows[i], " is outside ", to_string(x.shape));
    std::copy_n(x.data + rows[i] * x.columns(), x.columns(), out.data + i * x.columns());
  }
  if (context.tape) context.tape->record(Backward{&context, x, out, rows}, out);
  return out;
}

}  // namespace attn
