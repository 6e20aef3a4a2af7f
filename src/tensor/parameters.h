#pragma once
// The trained numbers of a model: flat arrays of values and gradients, addressed by name. Modules hold
// tensors that point into them. Optimizers see only the flat arrays.

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/aligned_memory.h"
#include "tensor/quantized_matrix.h"
#include "tensor/tensor.h"

namespace attn {

/// What a parameter is for: decides its initial values and whether weight decay applies.
enum class ParameterRole {
  matrix,           // decayed
  residual_output,  // decayed; a matrix whose product is added to the residual stream
  embedding,        // decayed
  positions,
  gain,
  bias,
};

constexpr bool is_decayed(ParameterRole role) {
  return role == ParameterRole::matrix || role == ParameterRole::residual_output || role == ParameterRole::embedding;
}

/// A module's visit calls this for each of its parameters: dotted name, the module's tensor (shape already
/// set), role.
using ParameterVisitor = std::function<void(const std::string& name, Tensor& tensor, ParameterRole role)>;
/// Calls a visitor for every parameter of a model, always in the same order.
using ParameterVisit = std::function<void(const ParameterVisitor& visitor)>;

struct NamedParameter {
  std::string name;
  Tensor tensor;
  ParameterRole role;
  std::int64_t offset;  // of its first number in the flat arrays
};

/// The gradients of one lane, in place of those that tensors name.
struct GradientLane {
  const Gradient* named = nullptr;  // (count): the first lane's
  std::int64_t count = 0;
  Gradient* own = nullptr;  // (count)
};

class Parameters {
 public:
  /// Lays all parameters of a model out and points its tensors at them, zeroed; these tensors must then stay where they
  /// are. Decayed ones come first; each starts at a multiple of 64 bytes, so the flat arrays hold some zeros that belong
  /// to nobody.
  explicit Parameters(const ParameterVisit& visit);
  Parameters(const Parameters&) = delete;
  Parameters& operator=(const Parameters&) = delete;

  const std::vector<NamedParameter>& list() const { return list_; }
  /// Null if there is none of that name.
  const NamedParameter* find(const std::string& name) const;

  float* values() { return values_.get(); }
  const float* values() const { return values_.get(); }
  /// Of one lane; those of the first are the gradients once they have been added up.
  float* gradients(int lane = 0) { return lanes_[static_cast<std::size_t>(lane)].gradients.get(); }
  int lanes() const { return static_cast<int>(lanes_.size()); }
  /// Length of the flat arrays, padding included; the first decayed() belong to decayed parameters.
  std::int64_t size() const { return size_; }
  std::int64_t decayed() const { return decayed_; }
  /// Number of trained numbers, without padding.
  std::int64_t count() const { return count_; }

  /// Gives the parameters that `wanted` chooses, matrices all, a copy in whole numbers of their values at this moment,
  /// which products read from then on, unless their context wants the values. Other operations still read the values;
  /// training is over. Throws Error naming one that holds a number that is not finite; then none has got a copy.
  void quantize(const std::function<bool(const NamedParameter&)>& wanted);

  /// Makes room for gradients, and marks them all unwritten. Passes that run at the same time write in lanes of their
  /// own; a tape that is not told otherwise writes in the first.
  void enable_gradients(int lanes = 1);
  /// Where a tape finds the gradients of a lane.
  GradientLane lane(int lane);
  /// Marks all gradients unwritten; the next pass overwrites them.
  void begin_gradients();
  /// Zeroes those that no backward pass has written since.
  void finish_gradients();

 private:
  using Array = AlignedArray<float>;
  static Array make_array(std::int64_t size);

  std::vector<NamedParameter> list_;
  std::vector<Tensor*> owners_;                                    // the modules' tensors, in the order of list_
  std::vector<std::unique_ptr<const QuantizedMatrix>> quantized_;  // likewise; null: no copy
  Array values_;
  struct Lane {
    std::vector<Gradient> slots;  // in the order of list_
    Array gradients;
  };
  std::vector<Lane> lanes_;
  std::int64_t size_ = 0;
  std::int64_t decayed_ = 0;
  std::int64_t count_ = 0;
};

}  // namespace attn
