#include "tensor/tensor.h"

#include "base/error.h"

namespace attn {

std::string to_string(const Shape& shape) {
  if (shape.rank == 1) return concat("(", shape.columns, ")");
  return concat("(", shape.rows, ", ", shape.columns, ")");
}

void expect_shape(const char* operation, const char* operand, const Tensor& tensor, const Shape& expected) {
  if (tensor.shape == expected) return;
  fail(operation, ": ", operand, " has shape ", to_string(tensor.shape), ", expected ", to_string(expected));
}

}  // namespace attn
