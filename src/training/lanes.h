#pragma once
// A micro-batch trained in parts, in lanes that run side by side. A part is so small that its activations stay near the
// processor from one operation to the next, and a lane's threads meet nobody else's until it ends. Whoever is done first
// helps with the other lane: cores are not always equally fast, nor parts equally long.
// Parts and lanes follow from the batch and the model alone, and every lane adds its parts up in their order in gradients
// of its own: the number of threads changes no bit.

#include <exception>
#include <memory>
#include <vector>

#include "autograd/tape.h"
#include "autograd/types.h"
#include "base/arena.h"
#include "base/random.h"
#include "training/task.h"

namespace attn {

class Lanes {
 public:
  /// Makes room for the gradients of the task's parameters. With Precision::bf16 the products of all passes round their
  /// operands.
  Lanes(TrainingTask& task, ThreadPool& pool, const simd::Kernels& kernels, Precision precision = Precision::f32);

  /// Adds the gradients of gradient_scale·loss of that micro-batch to those of the lanes; the random numbers of its parts
  /// are derived from `random`. Throws what a part threw.
  LossSum train(std::int64_t step, std::int64_t micro, const RandomStream& random, float gradient_scale);

  /// Emptied memory for whoever works between two calls of train(), which takes it back.
  Arena& idle_arena();

 private:
  struct Lane {
    Arena arena;
    Tape tape;
    std::unique_ptr<ThreadPool> pool;  // its share of the threads
    std::exception_ptr error;
  };
  std::int64_t parts_of(std::int64_t step, std::int64_t micro);
  LossSum train_part(int index, ThreadPool& pool, const BatchPart& part, const RandomStream& random,
                     float gradient_scale);

  TrainingTask& task_;
  ThreadPool& pool_;
  const simd::Kernels& kernels_;
  Precision precision_;
  std::vector<Lane> lanes_;
  std::vector<LossSum> losses_;  // of the parts
};

}  // namespace attn
