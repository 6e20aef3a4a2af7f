#include "inspection/explain/math.h"

#include <algorithm>

#include "autograd/linear.h"
#include "autograd/residual_norm.h"
#include "nn/positions.h"

namespace attn {

namespace {

// Operations take tensors that could be written to; they do not write to their inputs.
Tensor as_tensor(const Matrix& matrix) {
  return {const_cast<float*>(matrix.values.data()), nullptr, Shape::matrix(matrix.rows, matrix.columns)};
}

Matrix as_matrix(const Tensor& tensor) {
  Matrix matrix(tensor.rows(), tensor.columns());
  std::copy_n(tensor.data, tensor.size(), matrix.values.begin());
  return matrix;
}

}  // namespace

Matrix transposed(const Matrix& matrix) {
  Matrix result(matrix.columns, matrix.rows);
  for (std::int64_t row = 0; row < matrix.rows; ++row) {
    for (std::int64_t column = 0; column < matrix.columns; ++column) result.at(column, row) = matrix.at(row, column);
  }
  return result;
}

Matrix sum_of(const Matrix& a, const Matrix& b) {
  Matrix result = a;
  for (std::size_t i = 0; i < result.values.size(); ++i) result.values[i] += b.values[i];
  return result;
}

MatrixView columns_of(const Matrix& matrix, std::int64_t first, std::int64_t count) {
  return {matrix.values.data() + first, matrix.rows, count, matrix.columns};
}

MatrixView rows_of(const Matrix& matrix, std::int64_t first, std::int64_t count) {
  return {matrix.values.data() + first * matrix.columns, count, matrix.columns, matrix.columns};
}

Matrix copy_of(const MatrixView& view) {
  Matrix result(view.rows, view.columns);
  for (std::int64_t row = 0; row < view.rows; ++row) {
    std::copy_n(view.data + row * view.stride, view.columns, &result.at(row, 0));
  }
  return result;
}

Matrix rows_at(const Matrix& table, const std::vector<std::int32_t>& ids) {
  Matrix result(std::ssize(ids), table.columns);
  for (std::size_t i = 0; i < ids.size(); ++i) {
    std::copy_n(rows_of(table, ids[i], 1).data, table.columns, &result.at(static_cast<std::int64_t>(i), 0));
  }
  return result;
}

Matrix project(const ExplainTools& tools, const Matrix& x, const Matrix& weight, Activation activation) {
  Arena arena;
  Context context{arena, tools.pool, tools.kernels};
  return as_matrix(linear(context, as_tensor(x), as_tensor(weight), {}, activation));
}

Matrix normed(const ExplainTools& tools, const Matrix& x) {
  Arena arena;
  Context context{arena, tools.pool, tools.kernels};
  const Tensor gain = context.make(Shape::vector(x.columns));
  const Tensor bias = context.make(Shape::vector(x.columns));
  std::fill_n(gain.data, gain.size(), 1.0f);
  std::fill_n(bias.data, bias.size(), 0.0f);
  return as_matrix(residual_norm(context, NormKind::layer, 1e-5f, as_tensor(x), {}, 0, gain, bias).normed);
}

Matrix interleaved_positions(std::int64_t count, std::int64_t d_model) {
  const std::vector<float> halves = sinusoidal_positions(static_cast<int>(count), static_cast<int>(d_model));
  const std::int64_t sines = (d_model + 1) / 2;
  Matrix result(count, d_model);
  for (std::int64_t t = 0; t < count; ++t) {
    for (std::int64_t c = 0; c < d_model; ++c) {
      const std::int64_t place = c % 2 == 0 ? c / 2 : sines + c / 2;
      result.at(t, c) = halves[static_cast<std::size_t>(t * d_model + place)];
    }
  }
  return result;
}

MultiHead multi_head(const ExplainTools& tools, const Matrix& x, const Matrix& seen, const HeadWeights& weights,
                     bool causal) {
  MultiHead result;
  result.query = project(tools, x, weights.query);
  result.key = project(tools, seen, weights.key);
  result.value = project(tools, seen, weights.value);
  const std::int64_t d_head = weights.query.rows / weights.heads;
  result.joined = Matrix(x.rows, weights.query.rows);
  for (std::int64_t head = 0; head < weights.heads; ++head) {
    const std::int64_t first = head * d_head;
    ComposedAttention steps =
        composed_attention(columns_of(result.query, first, d_head), columns_of(result.key, first, d_head),
                           columns_of(result.value, first, d_head), causal);
    for (std::int64_t t = 0; t < x.rows; ++t) {
      std::copy_n(rows_of(steps.output, t, 1).data, d_head, &result.joined.at(t, first));
    }
    result.heads.push_back(std::move(steps));
  }
  result.output = weights.output.values.empty() ? result.joined : project(tools, result.joined, weights.output);
  return result;
}

}  // namespace attn
