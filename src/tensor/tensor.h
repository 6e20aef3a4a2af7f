#pragma once
// A tensor is a trivially copyable handle: data, gradient, shape. Contiguous, row-major, float. Whoever made
// the memory owns it: an arena (activations) or Parameters.

#include <cstdint>
#include <string>

namespace attn {

/// One or two dimensions; a vector (n) counts as one row of n columns.
struct Shape {
  int rank = 0;
  std::int64_t rows = 0;
  std::int64_t columns = 0;

  static constexpr Shape vector(std::int64_t n) { return {1, 1, n}; }
  static constexpr Shape matrix(std::int64_t rows, std::int64_t columns) { return {2, rows, columns}; }

  constexpr std::int64_t size() const { return rows * columns; }
  bool operator==(const Shape&) const = default;
};

/// "(3, 4)" or "(4)".
std::string to_string(const Shape& shape);

/// The gradient of one tensor. It need not be zeroed before a pass: the first writer overwrites, the later
/// ones add.
struct Gradient {
  float* data = nullptr;  // the tensor's shape; null until somebody writes, if `pooled`
  bool written = false;   // data holds at least one contribution
  bool pooled = false;    // data is lent by the tape and taken back when the tensor's producer has run
};

class QuantizedMatrix;

struct Tensor {
  float* data = nullptr;
  Gradient* gradient = nullptr;  // null: nobody asks for a gradient
  Shape shape;
  const QuantizedMatrix* quantized = nullptr;  // what products read in place of data; null: data itself

  explicit operator bool() const { return data != nullptr; }
  std::int64_t rows() const { return shape.rows; }
  std::int64_t columns() const { return shape.columns; }
  std::int64_t size() const { return shape.size(); }
};

/// Throws Error naming `operation` and `operand` unless the tensor has this shape.
void expect_shape(const char* operation, const char* operand, const Tensor& tensor, const Shape& expected);

}  // namespace attn
