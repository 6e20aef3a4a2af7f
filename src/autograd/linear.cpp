#include "autograd/linear.h"

#include <algorithm>

#include "autograd/products.h"

namespace attn {

namespace {

using simd::Form;

constexpr std::int64_t kElementGrain = 16384;  // elements of one element-wise block
constexpr std::int64_t kColumnGrain = 64;      // columns of one column-sum block

struct Backward {
  Context* context;
  Tensor x, weight, bias, y;
  const float* kept;  // (N, out): slopes or results, as the activation wants
  Activation activation;

  void operator()() const {
    float* d_y = y.gradient->data;  // (N, out); nobody reads it after this closure
    if (activation != Activation::none) {
      const double flops = 2.0 * static_cast<double>(y.size());
      parallel_ranges(*context, y.size(), kElementGrain, flops, [&](std::int64_t begin, std::int64_t end) {
        context->kernels.activation_backward(activation, kept, d_y, d_y, begin, end);
      });
    }
    multiply(d_y);
  }

  // d_weight = d_yᵀ·x, d_x = d_y·weight and d_bias = column sums of d_y, all blocks in one go: the threads
  // meet once.
  void multiply(const float* d_y) const {
    const std::int64_t n = x.rows(), in = x.columns(), out = y.columns();
    simd::Matmul products[2];
    int count = 0;
    if (weight.gradient) {
      const GradientWrite d = context->tape->write(weight);
      products[count++] = {.form = Form::TN,
                           .m = out,
                           .n = in,
                           .k = n,
                           .a = d_y,
                           .lda = out,
                           .b = x.data,
                           .ldb = in,
                           .c = d.data,
                           .ldc = in,
                           .accumulate = d.accumulate};
    }
    if (x.gradient) {
      const GradientWrite d = context->tape->write(x);
      products[count++] = {.form = Form::NN,
                           .m = n,
                           .n = in,
                           .k = out,
                           .a = d_y,
                           .lda = out,
                           .b = weight.data,
                           .ldb = in,
                           .c = d.data,
                           .ldc = in,
                           .accumulate = d.accumulate};
    }
    const bool has_bias = bias && bias.gradient;
    const GradientWrite d_bias = has_bias ? context->tape->write(bias) : GradientWrite{};
    const std::int64_t sums = has_bias ? (out + kColumnGrain - 1) / kColumnGrain : 0;
    run_products(*context, products, count, sums, [&](std::int64_t block) {
      const std::int64_t begin = block * kColumnGrain, end = std::min(begin + kColumnGrain, out);
      context->kernels.column_sums(d_y, out, n, d_bias.data, d_bias.accumulate, begin, end);
    });
  }
};

}  // namespace

Tensor linear(Context& context, Tensor x, Tensor weight, Tensor bias, Activation activation) {
  const std::int64_t n = x.rows(), in = x.columns(), out = weight.rows();
  expect_shape("linear", "weight", weight, Shape::matrix(out, in));
  if (bias) expect_shape("linear", "bias", bias, Shape::vector(out));

  const Tensor y = context.make(Shape::matrix(n, out));
  const bool keep = context.tape && keeps_slope(activation);
  float* slopes = keep ? context.arena.array<float>(static_cast<std::size_t>(y.size())) : nullptr;  // (N, out)
  simd::Matmul product{.form = Form::NT,
                       .m = n,
                       .n = out,
                       .k = in,
                       .a = x.data,
                       .lda = in,
                       .c = y.data,
                       .ldc = out,
                       .bias = bias.data,
                       .activation = activation,
                       .slopes = slopes};
  set_weight(context, product, weight);
  run_matmul(context, product);
  if (context.tape) {
    context.tape->record(Backward{&context, x, weight, bias, y, slopes ? slopes : y.data, activation}, y);
  }
  return y;
}

}  // namespace attn
