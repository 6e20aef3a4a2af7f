#pragma once
// AdamW over the flat arrays of all parameters, Muon for matrices that are asked for, and the global gradient norm.

#include <cstdint>
#include <memory>
#include <vector>

#include "autograd/context.h"
#include "models/layer_matrices.h"
#include "tensor/parameters.h"

namespace attn {

struct OptimizerOptions {
  double beta1 = 0.9, beta2 = 0.99, eps = 1e-8;
  double weight_decay = 0.1;           // of decayed parameters only (see is_decayed)
  double clip = 1;                     // largest global gradient norm; 0: no clipping
  std::vector<LayerMatrix> muon = {};  // updated by Muon, in ascending order; everything else by AdamW
};

/// What an optimizer has learnt: moments in the layout of the parameters, empty before the first update.
struct OptimizerMoments {
  std::vector<float> first, second;
  std::int64_t updates = 0;
};

class Optimizer {
 public:
  Optimizer(std::int64_t size, const OptimizerOptions& options);

  /// The square root of the sum of squares of all gradients, summed in double in a fixed order.
  double gradient_norm(Context& context, Parameters& parameters);
  /// One update with gradients scaled down to the clipping norm; `norm` is their norm.
  void step(Context& context, Parameters& parameters, double learning_rate, double norm);

  /// Flat arrays in the layout of the parameters, for saving. Muon's momentum is a first moment.
  std::vector<float>& first_moment() { return first_; }
  std::vector<float>& second_moment() { return second_; }
  /// A copy, and back to it; before the first update it takes no memory.
  OptimizerMoments moments() const;
  void restore(OptimizerMoments moments);
  /// Updates made so far.
  std::int64_t updates() const { return updates_; }
  void set_updates(std::int64_t updates) { updates_ = updates; }

 private:
  struct Range {
    std::int64_t begin, end;
    bool decayed;
  };
  std::vector<Range> adamw_ranges(const Parameters& parameters) const;

  OptimizerOptions options_;
  std::vector<Range> ranges_;  // that AdamW updates; found at the first step
  std::vector<float> first_, second_;
  std::vector<double> partial_sums_;
  std::int64_t updates_ = 0;
};

}  // namespace attn
