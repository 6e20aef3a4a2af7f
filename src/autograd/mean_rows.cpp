#include "autograd/mean_rows.h"

#include <algorithm>

#include "base/error.h"

namespace attn {

namespace {

constexpr std::int64_t kSequenceGrain = 4;

struct Backward {
  Context* context;
  Tensor x, out;
  const std::int32_t* starts;

  // d_x of every row of a sequence is d_out / rows.
  void operator()() const {
    if (!x.gradient) return;
    const GradientWrite d = context->tape->write(x);
    const std::int64_t columns = x.columns();
    const auto& kernels = context->kernels;
    parallel_ranges(*context, out.rows(), kSequenceGrain, 2.0 * static_cast<double>(x.size()),
                    [&](std::int64_t begin, std::int64_t end) {
                      for (std::int64_t b = begin; b < end; ++b) {
                        float* share = out.gradient->data + b * columns;  // nobody reads it after this closure
                        kernels.scale(share, 1.0f / static_cast<float>(starts[b + 1] - starts[b]), 0, columns);
                        for (std::int64_t row = starts[b]; row < starts[b + 1]; ++row) {
                          float* d_row = d.data + row * columns;
                          if (d.accumulate) {
                            kernels.add(d_row, share, d_row, 0, columns);
                          } else {
                            std::copy_n(share, columns, d_row);
                          }
                        }
                      }
                    });
  }
};

}  // namespace

Tensor mean_rows(Context& context, Tensor x, const std::int32_t* starts, std::int64_t count) {
  for (std::int64_t b = 0; b < count; ++b) {
    if (starts[b + 1] <= starts[b]) fail("mean_rows: sequence ", b, " has no rows");
  }
  if (starts[0] != 0 || starts[count] != x.rows()) {
    fail("mean_rows: the sequences are rows ", starts[0], " to ", starts[count], " of ", to_string(x.shape));
  }
  const std::int64_t columns = x.columns();
  const Tensor out = context.make(Shape::matrix(count, columns));
  const auto& kernels = context.kernels;
  parallel_ranges(context, count, kSequenceGrain, static_cast<double>(x.size()),
                  [&](std::int64_t begin, std::int64_t end) {
                    for (std::int64_t b = begin; b < end; ++b) {
                      float* mean = out.data + b * columns;
                      const std::int64_t rows = starts[b + 1] - starts[b];
                      kernels.column_sums(x.data + starts[b] * columns, columns, rows, mean, false, 0, columns);
                      kernels.scale(mean, 1.0f / static_cast<float>(rows), 0, columns);
                    }
                  });
  if (context.tape) context.tape->record(Backward{&context, x, out, starts}, out);
  return out;
}

}  // namespace attn
