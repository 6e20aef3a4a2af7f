#pragma once
// The last few models of a training, to be averaged at its end (Vaswani et al. 2017, section 6.1).

#include <cstdint>
#include <vector>

#include "tensor/parameters.h"

namespace attn {

class CheckpointAverage {
 public:
  /// Remembers the last `count` models; none if it is 0.
  explicit CheckpointAverage(int count) : count_(static_cast<std::size_t>(count)) {}

  /// Remembers these values, and forgets the oldest ones if there are too many.
  void add(const Parameters& parameters);
  /// Replaces the values by the mean of the remembered ones. At least one is remembered.
  void write_mean(Parameters& parameters) const;

  /// The remembered values, oldest first, each a flat array of the parameters' layout; for saving and restoring.
  const std::vector<std::vector<float>>& models() const { return models_; }
  void set_models(std::vector<std::vector<float>> models) { models_ = std::move(models); }
  std::size_t capacity() const { return count_; }

 private:
  std::size_t count_;
  std::vector<std::vector<float>> models_;
};

}  // namespace attn
