#include "tensor/quantized_matrix.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>

namespace attn {

namespace {

constexpr int kLargest = 127;
constexpr std::int64_t kBlock = QuantizedMatrix::kStrideUnit;  // loops of a fixed length, which compilers vectorise

// The largest |x| of a row; a number that is not finite if it holds one, as such numbers have the largest bits.
float largest_of(const float* row, std::int64_t columns) {
  const auto magnitude = [](float x) { return std::bit_cast<std::int32_t>(x) & 0x7FFFFFFF; };
  std::int32_t largest[kBlock] = {};
  std::int64_t i = 0;
  for (; i + kBlock <= columns; i += kBlock) {
    for (std::int64_t lane = 0; lane < kBlock; ++lane) {
      largest[lane] = std::max(largest[lane], magnitude(row[i + lane]));
    }
  }
  for (; i < columns; ++i) largest[0] = std::max(largest[0], magnitude(row[i]));
  return std::bit_cast<float>(*std::max_element(largest, largest + kBlock));
}

// Of a quotient near [-127, 127]: added to a number whose last bit stands for 1, it is rounded to the nearest even. The
// smallest floats have too few bits for a scale that keeps all quotients below 127.
std::int8_t rounded(float quotient) {
  constexpr float kUnitInLastPlace = 0x1.8p23f;
  const std::int32_t whole =
      std::bit_cast<std::int32_t>(quotient + kUnitInLastPlace) - std::bit_cast<std::int32_t>(kUnitInLastPlace);
  return static_cast<std::int8_t>(std::clamp(whole, -kLargest, kLargest));
}

void quantize_row(const float* row, std::int64_t columns, float scale, std::int8_t* out) {
  std::int64_t i = 0;
  for (; i + kBlock <= columns; i += kBlock) {
    std::int8_t block[kBlock];
    for (std::int64_t lane = 0; lane < kBlock; ++lane) block[lane] = rounded(row[i + lane] / scale);
    std::memcpy(out + i, block, kBlock);
  }
  for (; i < columns; ++i) out[i] = rounded(row[i] / scale);
}

}  // namespace

QuantizedMatrix::QuantizedMatrix(const float* values, std::int64_t rows, std::int64_t columns)
    : stride_((columns + kStrideUnit - 1) / kStrideUnit * kStrideUnit),
      values_(static_cast<std::size_t>(rows * stride_)),
      scales_(static_cast<std::size_t>(rows)) {
  for (std::int64_t row = 0; row < rows; ++row) {
    const float* const from = values + row * columns;
    const float scale = largest_of(from, columns) / kLargest;
    scales_[static_cast<std::size_t>(row)] = scale;
    if (scale > 0 && std::isfinite(scale)) quantize_row(from, columns, scale, values_.data() + row * stride_);
  }
}

bool QuantizedMatrix::is_finite() const {
  return std::all_of(scales_.begin(), scales_.end(), [](float scale) { return std::isfinite(scale); });
}

}  // namespace attn
