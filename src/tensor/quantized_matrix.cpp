#include "tensor/quantized_matrix.h"

#include <algorithm>
#include <cmath>

namespace attn {

namespace {

constexpr float kLargest = 127;

// |x| <= 127: added to and taken from a number whose last bit stands for 1, x is rounded to the nearest even.
std::int8_t rounded(float x) {
  constexpr float kUnitInLastPlace = 0x1.8p23f;
  return static_cast<std::int8_t>(x + kUnitInLastPlace - kUnitInLastPlace);
}

}  // namespace

QuantizedMatrix::QuantizedMatrix(const float* values, std::int64_t rows, std::int64_t columns)
    : stride_((columns + kStrideUnit - 1) / kStrideUnit * kStrideUnit),
      values_(static_cast<std::size_t>(rows * stride_)),
      scales_(static_cast<std::size_t>(rows)) {
  for (std::int64_t row = 0; row < rows; ++row) {
    const float* const from = values + row * columns;
    float largest = 0;
    for (std::int64_t i = 0; i < columns; ++i) largest = std::max(largest, std::abs(from[i]));
    const float scale = largest / kLargest;
    scales_[static_cast<std::size_t>(row)] = scale;
    if (scale == 0) continue;
    std::int8_t* const to = values_.data() + row * stride_;
    // The smallest floats have too few bits for a scale that keeps all quotients below 127.
    for (std::int64_t i = 0; i < columns; ++i) to[i] = rounded(std::clamp(from[i] / scale, -kLargest, kLargest));
  }
}

}  // namespace attn
