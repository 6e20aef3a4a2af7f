#pragma once
// How often which class was taken for which, and the figures that follow from it.

#include <cstdint>
#include <vector>

namespace attn {

/// Of one class; 0 where a figure would divide by 0.
struct ClassFigures {
  double precision = 0;     // of those predicted as this class, the part that is
  double recall = 0;        // of those that are of this class, the part predicted as it
  double f1 = 0;            // harmonic mean of the two
  std::int64_t actual = 0;  // examples of this class
};

class ConfusionMatrix {
 public:
  explicit ConfusionMatrix(std::size_t classes) : classes_(classes), counts_(classes * classes) {}

  /// Both are below the number of classes.
  void add(std::size_t actual, std::size_t predicted) { ++counts_[actual * classes_ + predicted]; }

  std::size_t classes() const { return classes_; }
  std::int64_t count(std::size_t actual, std::size_t predicted) const { return counts_[actual * classes_ + predicted]; }
  std::int64_t total() const;
  /// The part that was predicted right; 0 without examples.
  double accuracy() const;
  ClassFigures of(std::size_t class_index) const;
  /// Plain mean of F1 over the classes that occur, as actual or as predicted ones.
  double macro_f1() const;

 private:
  std::int64_t predicted(std::size_t class_index) const;

  std::size_t classes_;
  std::vector<std::int64_t> counts_;  // (actual, predicted)
};

}  // namespace attn
