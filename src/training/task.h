#pragma once
// What is trained: a model with its data, seen by the trainer as numbered batches that have a loss.

#include <cstdint>

#include "autograd/context.h"
#include "tensor/parameters.h"

namespace attn {

/// Sum of the losses of target tokens, in nats, and their number.
struct LossSum {
  double loss = 0;
  std::int64_t targets = 0;

  LossSum& operator+=(const LossSum& other) {
    loss += other.loss;
    targets += other.targets;
    return *this;
  }
  double mean() const { return targets ? loss / static_cast<double>(targets) : 0.0; }
};

/// A part of a micro-batch; the whole of it unless parts > 1.
struct BatchPart {
  std::int64_t step = 0;
  std::int64_t micro = 0;
  std::int64_t part = 0;
  std::int64_t parts = 1;

  /// The part's range of `count` things: [begin(count), end(count)).
  std::int64_t begin(std::int64_t count) const { return count * part / parts; }
  std::int64_t end(std::int64_t count) const { return count * (part + 1) / parts; }
};

class TrainingTask {
 public:
  virtual ~TrainingTask() = default;

  virtual Parameters& parameters() = 0;

  /// Target tokens of one micro-batch. Which batch that is follows from (step, micro) and the seed alone.
  virtual std::int64_t targets(std::int64_t step, std::int64_t micro) = 0;
  /// How many parts the micro-batch may be trained in, each apart from the others; 1 if all its texts depend on one
  /// another. After this call its parts may be trained by several threads at once.
  virtual std::int64_t most_parts(std::int64_t /*step*/, std::int64_t /*micro*/) { return 1; }
  /// Loss of one part, with the backward pass of gradient_scale·loss recorded on the context's tape.
  virtual LossSum train(Context& context, const BatchPart& part, float gradient_scale) = 0;

  /// The validation part, as batches in a fixed order.
  virtual std::int64_t validation_batches() const = 0;
  /// How many of them, from the first, are used during training; the whole part is used at the end.
  virtual std::int64_t quick_validation_batches() const = 0;
  /// Neither dropout nor label smoothing. May reset the context's arena.
  virtual LossSum validate(Context& context, std::int64_t batch) = 0;
  /// Characters of target text per target token of the validation part: bits per character = loss/ln 2/this. 0
  /// if that has no meaning.
  virtual double characters_per_target() const = 0;
};

}  // namespace attn
