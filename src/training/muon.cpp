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
  }
};

void multiply(const simd::Kernels& kernels, simd::Matmul product, const float* a, const float* b, float* c,
              float* scratch) {
  product.a = a;
  product.b = b;
  product.c = c;
  multiply_alone(kernels, product, kernels.plan_matmul(product), scratch);
}

double flops(std::int64_t rows, std::int64_t columns) {
  const double n = static_cast<double>(std::min(rows, columns));
  return kIterations * 2 * n * n * (2.0 * static_cast<double>(std::max(rows, columns)) + n);
}

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
  return round_up(rows * columns) + 2 * round_up(n * n) + scratch;
}

void orthogonalise(const simd::Kernels& kernels, float* x, std::int64_t rows, std::int64_t columns, float* room) {
  const Products products(rows, columns);
  const std::int64_t n = std::min(rows, columns), size = rows * columns;
  float* next = room;                          // (rows, columns)
  float* gram = next + round_up(size);         // (n, n)
  float* polynomial = gram + round_up(n * n);  // (n, n)
  float* scratch = polynomial + round_up(n * n);

  // Frobenius' norm is at least the largest singular value, so that all are at most 1 to begin with.
  const double norm = std::sqrt(kernels.dot(x, x, 0, size));
  if (norm == 0) return;
  kernels.scale(x, static_cast<float>(1 / norm), 0, size);
  for (int iteration = 0; iteration < kIterations; ++iteration) {
    multiply(kernels, products.gram, x, x, gram, scratch);
    multiply(kernels, products.square, gram, gram, polynomial, scratch);
    for (std::int64_t i = 0; i < n * n; ++i) polynomial[i] = kCubic * gram[i] + kQuintic * polynomial[i];
    for (std::int64_t i = 0; i < n; ++i) polynomial[i * n + i] += kLinear;
    if (rows <= columns) {
      multiply(kernels, products.apply, polynomial, x, next, scratch);
    } else {
      multiply(kernels, products.apply, x, polynomial, next, scratch);
    }
    std::copy_n(next, size, x);
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
