#include "autograd/output_loss.h"

#include <algorithm>

#include "autograd/products.h"
#include "base/error.h"

namespace attn {

namespace {

using simd::Form;

constexpr std::int64_t kLogitsHeld = 1 << 18;  // floats: one block's logits stay in the second-level cache
constexpr std::int64_t kFewestRows = 128;      // of a block, about: each updates all of the weight's gradient
constexpr std::int64_t kRowGrain = 8;
constexpr std::int64_t kColumnGrain = 64;

struct Writes {
  GradientWrite hidden{}, weight{}, bias{};
};

class BlockwiseLoss {
 public:
  BlockwiseLoss(Context& context, Tensor hidden, Tensor weight, Tensor bias, const LossOptions& options)
      : context_(context), hidden_(hidden), weight_(weight), bias_(bias), options_(options) {
    vocabulary_ = weight.rows();
    const std::int64_t rows = std::max<std::int64_t>(1, hidden.rows());
    const std::int64_t wanted = std::max(kFewestRows, kLogitsHeld / vocabulary_);
    const std::int64_t blocks = std::max<std::int64_t>(1, (rows + wanted / 2) / wanted);
    block_rows_ = (rows + blocks - 1) / blocks;
    logits_ = context.arena.array<float>(static_cast<std::size_t>(block_rows_ * vocabulary_));
    losses_ = context.arena.array<float>(static_cast<std::size_t>(block_rows_));
    if (!context.tape) return;
    if (hidden.gradient) writes_.hidden = context.tape->write(hidden);
    if (weight.gradient) writes_.weight = context.tape->write(weight);
    if (bias && bias.gradient) writes_.bias = context.tape->write(bias);
  }

  double run(const std::int32_t* targets) {
    double sum = 0;
    for (std::int64_t begin = 0; begin < hidden_.rows(); begin += block_rows_) {
      const std::int64_t rows = std::min(block_rows_, hidden_.rows() - begin);
      project(begin, rows);
      compare(targets + begin, rows);
      for (std::int64_t i = 0; i < rows; ++i) sum += static_cast<double>(losses_[i]);
      if (context_.tape) backward(begin, rows);
    }
    return sum;
  }

 private:
  const float* hidden_row(std::int64_t row) const { return hidden_.data + row * hidden_.columns(); }

  void project(std::int64_t begin, std::int64_t rows) {
    const std::int64_t columns = hidden_.columns();
    simd::Matmul product{.form = Form::NT,
                         .m = rows,
                         .n = vocabulary_,
                         .k = columns,
                         .a = hidden_row(begin),
                         .lda = columns,
                         .c = logits_,
                         .ldc = vocabulary_,
                         .bias = bias_.data};
    set_weight(context_, product, weight_);
    run_matmul(context_, product);
  }

  // Losses, and the logits' gradient in place of the logits.
  void compare(const std::int32_t* targets, std::int64_t rows) {
    const simd::CrossEntropy arguments{.vocabulary = vocabulary_,
                                       .logits = logits_,
                                       .ld = vocabulary_,
                                       .targets = targets,
                                       .label_smoothing = options_.label_smoothing,
                                       .scale = options_.gradient_scale,
                                       .class_weights = options_.class_weights,
                                       .loss = losses_,
                                       .d_logits = context_.tape ? logits_ : nullptr};
    parallel_ranges(
        context_, rows, kRowGrain, 25.0 * static_cast<double>(rows * vocabulary_),
        [&](std::int64_t first, std::int64_t last) { context_.kernels.cross_entropy(arguments, first, last); });
  }

  void backward(std::int64_t begin, std::int64_t rows) {
    const std::int64_t columns = hidden_.columns();
    if (writes_.weight.data) {
      run_matmul(context_, {.form = Form::TN,
                            .m = vocabulary_,
                            .n = columns,
                            .k = rows,
                            .a = logits_,
                            .lda = vocabulary_,
                            .b = hidden_row(begin),
                            .ldb = columns,
                            .c = writes_.weight.data,
                            .ldc = columns,
                            .accumulate = writes_.weight.accumulate || begin > 0});
    }
    if (writes_.bias.data) {
      parallel_ranges(context_, vocabulary_, kColumnGrain, static_cast<double>(rows * vocabulary_),
                      [&](std::int64_t first, std::int64_t last) {
                        context_.kernels.column_sums(logits_, vocabulary_, rows, writes_.bias.data,
                                                     writes_.bias.accumulate || begin > 0, first, last);
                      });
    }
    if (writes_.hidden.data) {
      run_matmul(context_, {.form = Form::NN,
                            .m = rows,
                            .n = columns,
                            .k = vocabulary_,
                            .a = logits_,
                            .lda = vocabulary_,
                            .b = weight_.data,
                            .ldb = columns,
                            .c = writes_.hidden.data + begin * columns,
                            .ldc = columns,
                            .accumulate = writes_.hidden.accumulate});
    }
  }

  Context& context_;
  Tensor hidden_, weight_, bias_;
  LossOptions options_;
  std::int64_t vocabulary_ = 0, block_rows_ = 0;
  float* logits_ = nullptr;  // (block_rows_, V)
  float* losses_ = nullptr;  // (block_rows_)
  Writes writes_;
};

}  // namespace

double output_loss(Context& context, Tensor hidden, Tensor weight, Tensor bias, const std::int32_t* targets,
                   const LossOptions& options) {
  expect_shape("output_loss", "weight", weight, Shape::matrix(weight.rows(), hidden.columns()));
  if (bias) expect_shape("output_loss", "bias", bias, Shape::vector(weight.rows()));
  for (std::int64_t i = 0; i < hidden.rows(); ++i) {
    if (targets[i] >= weight.rows()) {
      fail("output_loss: target ", targets[i], " is outside the vocabulary of ", weight.rows());
    }
  }
  return BlockwiseLoss(context, hidden, weight, bias, options).run(targets);
}

}  // namespace attn
