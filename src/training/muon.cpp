#include "training/muon.h"

#include <algorithm>
#include <cmath>

namespace attn {

namespace {

constexpr float kMomentum = 0.95f;
constexpr int kIterations = 5;
// x → a·x + b·x³ + c·x⁵ lifts small singular values fastest (Jordan et al. 2024).
constexpr float kLinear = 3.4445f, kCubic = -4.7750f, kQuintic = 2.0315f;
constexpr float kScale = 0.2f;

std::int64_t round_up(std::int64_t size) {
  return (size + 15) / 16 * 16;
}

// The three products of an iteration: the smaller Gram matrix, its square, and the polynomial of it times x.
struct Products {
  simd::Matmul gram, square, apply;

  Products(std::int64_t rows, std::int64_t columns) {
    using simd::Form;
    const bool wide = rows <= columns;
    const std::int64_t n = std::min(rows, columns);
    gram = {.form = wide ? Form::NT : Form::TN, .m = n, .n = n, .k = std::max(rows, columns)};
    gram.lda = gram.ldb = columns;
    gram.ldc = n;
    square = {.form = Form::NN, .m = n, .n = n, .k = n, .lda = n, .ldb = n, .ldc = n};
    apply = {.form = Form::NN, .m = rows, .n = columns, .k = n, .lda = wide ? n : columns, .ldb = wide ? columns : n};
    apply.ldc = columns;
    gram.alone = square.alone = apply.alone = true;
  }
};

void multiply(const simd::Kernels& kernels, simd::Matmul product, const float* a, const float* b, float* c,
              float* scratch) {
  product.a = a;
  product.b = b;
  product.c = c;
  multiply_alone(kernels, product, kernels.plan_matmul(product), scratch);
}

// The shorter side must be so many times in the longer one for the iterations on the Gram matrix alone to pay: they take
// 4 small products each, the others one small and two long ones.
constexpr std::int64_t kGramRatio = 2;

bool iterates_gram(std::int64_t rows, std::int64_t columns) {
  return std::max(rows, columns) >= kGramRatio * std::min(rows, columns);
}

double flops(std::int64_t rows, std::int64_t columns) {
  const double n = static_cast<double>(std::min(rows, columns)), length = static_cast<double>(std::max(rows, columns));
  if (iterates_gram(rows, columns)) return 2 * n * n * (2 * length + (4 * kIterations - 3) * n);
  return kIterations * 2 * n * n * (2 * length + n);
}

// The iterations on x (rows, columns), n the shorter side.
class NewtonSchulz {
 public:
  NewtonSchulz(const simd::Kernels& kernels, float* x, std::int64_t rows, std::int64_t columns, float* room)
      : kernels_(kernels),
        products_(rows, columns),
        rows_(rows),
        columns_(columns),
        n_(std::min(rows, columns)),
        x_(x) {
    next_ = room;
    gram_ = next_ + round_up(rows * columns);
    polynomial_ = gram_ + round_up(n_ * n_);
    factor_ = polynomial_ + round_up(n_ * n_);
    spare_ = factor_ + round_up(n_ * n_);
    scratch_ = spare_ + round_up(n_ * n_);
  }

  void run() {
    for (int iteration = 0; iteration < kIterations; ++iteration) {
      multiply(kernels_, products_.gram, x_, x_, gram_, scratch_);
      make_polynomial();
      apply(polynomial_);
    }
  }

  // The next x would be p·x and its Gram matrix p·g·p, for p and g are symmetric: all p are multiplied first, and
  // x once.
  void run_on_gram() {
    multiply(kernels_, products_.gram, x_, x_, gram_, scratch_);
    make_polynomial();
    std::copy_n(polynomial_, n_ * n_, factor_);
    for (int iteration = 1; iteration < kIterations; ++iteration) {
      multiply_small(polynomial_, gram_, spare_);
      multiply_small(spare_, polynomial_, gram_);
      make_polynomial();
      multiply_small(polynomial_, factor_, spare_);
      std::swap(factor_, spare_);
    }
    apply(factor_);
  }

 private:
  void multiply_small(const float* a, const float* b, float* c) {
    multiply(kernels_, products_.square, a, b, c, scratch_);
  }
  void make_polynomial() {
    multiply_small(gram_, gram_, polynomial_);
    for (std::int64_t i = 0; i < n_ * n_; ++i) polynomial_[i] = kCubic * gram_[i] + kQuintic * polynomial_[i];
    for (std::int64_t i = 0; i < n_; ++i) polynomial_[i * n_ + i] += kLinear;
  }
  void apply(const float* factor) {
    const bool wide = rows_ <= columns_;
    multiply(kernels_, products_.apply, wide ? factor : x_, wide ? x_ : factor, next_, scratch_);
    std::copy_n(next_, rows_ * columns_, x_);
  }

  const simd::Kernels& kernels_;
  const Products products_;
  std::int64_t rows_, columns_, n_;
  float* x_;
  float* next_;                                   // (rows, columns)
  float *gram_, *polynomial_, *factor_, *spare_;  // (n, n)
  float* scratch_;
};

// The momentum moves on; `direction` (rows, columns) is what Nesterov's rule makes of it.
void move_momentum(const MuonUpdate& update, const LayerMatrix& matrix, float* direction) {
  const float* gradient = update.gradients + matrix.offset;
  float* momentum = update.momentum + matrix.offset;
  for (std::int64_t i = 0; i < matrix.rows * matrix.columns; ++i) {
    momentum[i] = kMomentum * momentum[i] + gradient[i];
    direction[i] = kMomentum * momentum[i] + gradient[i];
  }
}

}  // namespace

std::int64_t muon_room(const simd::Kernels& kernels, std::int64_t rows, std::int64_t columns) {
  const Products products(rows, columns);
  const std::int64_t n = std::min(rows, columns);
  std::int64_t scratch = 0;
  for (const simd::Matmul* product : {&products.gram, &products.square, &products.apply}) {
    const simd::MatmulPlan plan = kernels.plan_matmul(*product);
    scratch = std::max(scratch, plan.packed + plan.scratch);
  }
  return round_up(rows * columns) + 4 * round_up(n * n) + scratch;
}

void orthogonalise(const simd::Kernels& kernels, float* x, std::int64_t rows, std::int64_t columns, float* room) {
  // Frobenius' norm is at least the largest singular value, so that all are at most 1 to begin with.
  const double norm = std::sqrt(kernels.dot(x, x, 0, rows * columns));
  if (norm == 0) return;
  kernels.scale(x, static_cast<float>(1 / norm), 0, rows * columns);
  NewtonSchulz iterations(kernels, x, rows, columns, room);
  if (iterates_gram(rows, columns)) {
    iterations.run_on_gram();
  } else {
    iterations.run();
  }
}

void muon_step(Context& context, const MuonUpdate& update, std::span<const LayerMatrix> matrices) {
  const simd::Kernels& kernels = context.kernels;
  std::int64_t room = 0;
  double work = 0;
  for (const LayerMatrix& matrix : matrices) {
    room = std::max(room, round_up(matrix.rows * matrix.columns) + muon_room(kernels, matrix.rows, matrix.columns));
    work += flops(matrix.rows, matrix.columns);
  }
  context.pool.reserve_scratch(room);
  context.pool.run(static_cast<std::int64_t>(matrices.size()), work, [&](std::int64_t block, int worker) {
    const LayerMatrix& matrix = matrices[static_cast<std::size_t>(block)];
    const std::int64_t size = matrix.rows * matrix.columns;
    float* direction = context.pool.scratch(worker);  // (rows, columns)
    move_momentum(update, matrix, direction);
    orthogonalise(kernels, direction, matrix.rows, matrix.columns, direction + round_up(size));
    const float rate =
        update.learning_rate * kScale * std::sqrt(static_cast<float>(std::max(matrix.rows, matrix.columns)));
    const float kept = 1 - update.learning_rate * update.weight_decay;
    float* values = update.parameters + matrix.offset;
    for (std::int64_t i = 0; i < size; ++i) values[i] = kept * values[i] - rate * direction[i];
  });
}

}  // namespace attn
