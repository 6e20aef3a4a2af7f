#pragma once
// What the tests of kernels share: every instruction set of this machine, sizes around multiples of the
// vector, arrays at awkward addresses with guards around them, and comparison with a reference in double.

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "base/random.h"
#include "simd/kernels.h"

namespace attn::test {

/// Calls function(kernels) for every instruction set that this machine has.
template <class Function>
void for_each_instruction_set(Function function) {
  for (const char* const* name = simd::kernel_names(); *name; ++name) {
    if (const simd::Kernels* kernels = simd::kernels_named(*name)) {
      const std::string instruction_set = *name;
      CAPTURE(instruction_set);
      function(*kernels);
    }
  }
}

/// 1 … 2·vector + 1, and a few odd and large ones.
inline std::vector<std::int64_t> awkward_sizes(const simd::Kernels& kernels) {
  std::vector<std::int64_t> sizes;
  for (std::int64_t n = 1; n <= 2 * kernels.vector_floats + 1; ++n) sizes.push_back(n);
  for (std::int64_t n : {65, 128, 131}) sizes.push_back(n);
  return sizes;
}

/// A float array that begins `offset` floats after a 64-byte boundary, with guards whose change is a test
/// failure.
class Array {
 public:
  explicit Array(std::int64_t size, std::int64_t offset = 0)
      : size_(size), memory_(static_cast<std::size_t>(size + 64), kGuard) {
    const auto address = reinterpret_cast<std::uintptr_t>(memory_.data());
    begin_ = memory_.data() + (64 - address % 64) % 64 / 4 + 16 + offset;
  }
  Array(const Array&) = delete;
  Array& operator=(const Array&) = delete;
  ~Array() {
    const float* end = begin_ + size_;
    CHECK(std::all_of(static_cast<const float*>(memory_.data()), static_cast<const float*>(begin_), is_guard));
    CHECK(std::all_of(end, static_cast<const float*>(memory_.data() + memory_.size()), is_guard));
  }

  /// Normal numbers times `deviation`.
  Array& fill_random(std::uint64_t seed, double deviation = 1) {
    const RandomStream random(seed, RandomPurpose::data);
    for (std::int64_t i = 0; i < size_; ++i) {
      begin_[i] = static_cast<float>(deviation * random.normal(static_cast<std::uint64_t>(i)));
    }
    return *this;
  }
  Array& fill(float value) {
    std::fill_n(begin_, size_, value);
    return *this;
  }

  float* data() { return begin_; }
  operator float*() { return begin_; }
  std::int64_t size() const { return size_; }
  std::vector<float> copy() const { return {begin_, begin_ + size_}; }

 private:
  static constexpr float kGuard = -123456.0f;
  static bool is_guard(float x) { return x == kGuard; }

  std::int64_t size_;
  std::vector<float> memory_;
  float* begin_;
};

/// |actual - expected| relative to `magnitude`, the size of what was summed or rounded on the way. NaN is
/// infinite.
inline double error_of(double actual, double expected, double magnitude) {
  const double error = std::abs(actual - expected) / magnitude;
  return std::isnan(error) ? std::numeric_limits<double>::infinity() : error;
}

constexpr double kFloatEpsilon = 0x1p-24;  // rounding of one float operation

/// Scratch aligned as kernels want it.
class Scratch {
 public:
  explicit Scratch(std::int64_t floats) : array_(floats) { array_.fill(std::numeric_limits<float>::quiet_NaN()); }
  float* data() { return array_.data(); }

 private:
  Array array_;
};

inline void run_matmul(const simd::Kernels& kernels, const simd::Matmul& p) {
  const simd::MatmulPlan plan = kernels.plan_matmul(p);
  Scratch memory(plan.packed + plan.scratch);
  multiply_alone(kernels, p, plan, memory.data());
}

}  // namespace attn::test
