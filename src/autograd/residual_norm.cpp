#include "autograd/residual_norm.h"

#include <algorithm>

namespace attn {

namespace {

constexpr std::int64_t kRowGrain = 32;

struct Backward {
  Context* context;
  Tensor x, delta, gain, bias, sum, normed;
  simd::ResidualNorm forward;

  void operator()() const {
    const std::int64_t n = normed.rows(), columns = normed.columns();
    Tape& tape = *context->tape;
    if (!normed.gradient->written) return pass_sum_on();

    simd::ResidualNormBackward arguments{.forward = forward, .d_out = normed.gradient->data};
    arguments.forward.sum = sum.data;
    if (delta) {
      if (sum.gradient->written) arguments.d_sum = sum.gradient->data;
      if (delta.gradient) {
        const GradientWrite d = tape.write(delta);
        arguments.d_delta = d.data;
        arguments.accumulate_delta = d.accumulate;
      }
    }
    if (x.gradient) {
      const GradientWrite d = tape.write(x);
      arguments.d_x = d.data;
      arguments.accumulate_x = d.accumulate;
    }
    // Every block of rows sums its part of the gains' gradient by itself; the parts are added in order
    // afterwards.
    const std::int64_t blocks = (n + kRowGrain - 1) / kRowGrain;
    auto* d_gain_parts = context->arena.array<float>(static_cast<std::size_t>(blocks * columns));
    float* d_bias_parts = bias ? context->arena.array<float>(static_cast<std::size_t>(blocks * columns)) : nullptr;
    const double flops = 20.0 * static_cast<double>(normed.size());
    context->pool.run(blocks, flops, [&](std::int64_t block, int) {
      const std::int64_t begin = block * kRowGrain;
      context->kernels.residual_norm_backward(arguments, begin, std::min(begin + kRowGrain, n),
                                              d_gain_parts + block * columns,
                                              d_bias_parts ? d_bias_parts + block * columns : nullptr);
    });
    add_parts(gain, d_gain_parts, blocks);
    if (bias) add_parts(bias, d_bias_parts, blocks);
  }

  void add_parts(const Tensor& parameter, const float* parts, std::int64_t blocks) const {
    if (!parameter.gradient) return;
    const GradientWrite d = context->tape->write(parameter);
    const std::int64_t columns = parameter.columns();
    context->kernels.column_sums(parts, columns, blocks, d.data, d.accumulate, 0, columns);
  }

  // Only the residual stream was used: its gradient goes to x and, through the dropout mask, to delta.
  void pass_sum_on() const {
    const float* d_sum = sum.gradient->data;
    if (x.gradient && delta) add_to(x, d_sum);
    if (!delta || !delta.gradient) return;
    const std::uint32_t threshold = dropout_threshold(forward.dropout);
    const GradientWrite d = context->tape->write(delta);
    for (std::int64_t i = 0; i < sum.size(); ++i) {
      const bool dropped =
          forward.dropout > 0 && hash32(static_cast<std::uint32_t>(i), forward.dropout_key) < threshold;
      const float value = dropped ? 0.0f : d_sum[i] / (1 - forward.dropout);
      d.data[i] = d.accumulate ? d.data[i] + value : value;
    }
  }

  void add_to(const Tensor& target, const float* values) const {
    const GradientWrite d = context->tape->write(target);
    if (d.accumulate) {
      context->kernels.add(d.data, values, d.data, 0, target.size());
    } else {
      std::copy_n(values, target.size(), d.data);
    }
  }
};

}  // namespace

ResidualNormResult residual_norm(Context& context, NormKind kind, float eps, Tensor x, Tensor delta, float dropout_rate,
                                 Tensor gain, Tensor bias) {
  const std::int64_t n = x.rows(), columns = x.columns();
  if (delta) expect_shape("residual_norm", "delta", delta, x.shape);
  expect_shape("residual_norm", "gain", gain, Shape::vector(columns));
  if (bias) expect_shape("residual_norm", "bias", bias, Shape::vector(columns));

  Tensor sum = x;
  if (delta) {
    sum.data = delta.data;
    sum.gradient = context.tape ? context.tape->make_gradient() : nullptr;
  }
  const Tensor normed = context.make(x.shape);
  const Dropout dropout = delta ? make_dropout(context, dropout_rate) : Dropout{};
  const simd::ResidualNorm arguments{.kind = kind,
                                     .columns = columns,
                                     .eps = eps,
                                     .dropout = dropout.rate,
                                     .dropout_key = dropout.key,
                                     .x = x.data,
                                     .delta = delta.data,
                                     .gain = gain.data,
                                     .bias = bias.data,
                                     .sum = delta ? sum.data : nullptr,
                                     .out = normed.data,
                                     .mean = context.arena.array<float>(static_cast<std::size_t>(n)),
                                     .inverse_deviation = context.arena.array<float>(static_cast<std::size_t>(n))};
  parallel_ranges(context, n, kRowGrain, 12.0 * static_cast<double>(x.size()),
                  [&](std::int64_t begin, std::int64_t end) { context.kernels.residual_norm(arguments, begin, end); });
  if (context.tape) {
    context.tape->record(Backward{&context, x, delta, gain, bias, sum, normed, arguments}, normed,
                         delta ? sum : Tensor{});
  }
  return {sum, normed};
}

}  // namespace attn
