#pragma once
// A matrix of whole numbers in one byte each, a quarter of the floats that it stands for.

#include <cstdint>
#include <vector>

namespace attn {

/// Symmetric per row: element (i, j) stands for scale(i)·q(i, j) with scale(i) = max over j of |w(i, j)| / 127 and
/// q(i, j) = w(i, j) / scale(i), rounded to the nearest whole number, halves to the even one.
class QuantizedMatrix {
 public:
  static constexpr std::int64_t kStrideUnit = 16;  // kernels read whole vectors of bytes

  /// values (rows, columns).
  QuantizedMatrix(const float* values, std::int64_t rows, std::int64_t columns);
  /// Whether all values were. A row that holds one that was not stands for nothing.
  bool is_finite() const;

  /// (rows, stride): a row is `columns` numbers, and zeros up to the next multiple of kStrideUnit.
  const std::int8_t* values() const { return values_.data(); }
  std::int64_t stride() const { return stride_; }
  const float* scales() const { return scales_.data(); }  // (rows)
  std::size_t bytes() const { return values_.size() + scales_.size() * sizeof(float); }

 private:
  std::int64_t stride_;
  std::vector<std::int8_t> values_;
  std::vector<float> scales_;
};

}  // namespace attn
