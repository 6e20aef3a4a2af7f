#pragma once
// AdamW over the flat arrays of all parameters, and the global gradient norm.

#include <cstdint>
#include <memory>
#include <vector>

#include "autograd/context.h"
#include "tensor/parameters.h"

namespace attn {

struct OptimizerOptions {
  double beta1 = 0.9, beta2 = 0.99, eps = 1e-8;
  double weight_decay = 0.1;  // of decayed parameters only (see is_decayed)
  double clip = 1;            // largest global gradient norm; 0: no clipping
};

class AdamWOptimizer {
 public:
  AdamWOptimizer(std::int64_t size, const OptimizerOptions& options);

  /// The square root of the sum of squares of all gradients, summed in double in a fixed order.
  double gradient_norm(Context& context, Parameters& parameters);
  /// One update with gradients scaled down to the clipping norm; `norm` is their norm.
  void step(Context& context, Parameters& parameters, double learning_rate, double norm);

  /// Flat arrays in the layout of the parameters, for saving.
  std::vector<float>& first_moment() { return first_; }
  std::vector<float>& second_moment() { return second_; }
  /// Updates made so far.
  std::int64_t updates() const { return updates_; }
  void set_updates(std::int64_t updates) { updates_ = updates; }

 private:
  OptimizerOptions options_;
  std::vector<float> first_, second_;
  std::vector<double> partial_sums_;
  std::int64_t updates_ = 0;
};

}  // namespace attn
