#pragma once
// What a pass through a model needs, as one explicit argument; there are no globals.

#include <cstdint>

#include "autograd/tape.h"
#include "autograd/trace.h"
#include "base/arena.h"
#include "base/random.h"
#include "simd/kernels.h"
#include "tensor/tensor.h"
#include "threading/thread_pool.h"

namespace attn {

class KeyValueCache;

struct Context {
  Arena& arena;  // activations; reset by the owner between passes
  ThreadPool& pool;
  const simd::Kernels& kernels;
  Tape* tape = nullptr;                            // null: inference, nothing is recorded
  bool training = false;                           // dropout is active
  bool bf16 = false;                               // products round their operands to bfloat16
  bool whole_numbers = true;                       // they read a weight's copy in whole numbers where it has one
  RandomStream random{0, RandomPurpose::dropout};  // of this step and micro-batch
  std::uint64_t operations = 0;                    // counts random operations, so that each has numbers of its own
  AttentionTrace* trace = nullptr;                 // null: attention weights are never written out
  KeyValueCache* cache = nullptr;                  // null: every sequence is complete in the batch

  /// A new activation: uninitialised data and, if recording, a gradient.
  Tensor make(Shape shape) {
    return {arena.array<float>(static_cast<std::size_t>(shape.size())), tape ? tape->make_gradient() : nullptr, shape};
  }
  /// The key of the next operation that drops elements.
  std::uint64_t next_key() { return random.bits(operations++); }
};

/// One dropout site of a pass: nothing is dropped unless the pass trains.
struct Dropout {
  float rate = 0;
  std::uint64_t key = 0;
};

inline Dropout make_dropout(Context& context, float rate) {
  if (!context.training || rate <= 0) return {};
  return {rate, context.next_key()};
}

/// Runs `task(begin, end)` over [0, count) cut into ranges of `grain`; about `flops` of arithmetic in all.
template <class Task>
void parallel_ranges(Context& context, std::int64_t count, std::int64_t grain, double flops, const Task& task) {
  context.pool.run((count + grain - 1) / grain, flops, [&](std::int64_t block, int) {
    const std::int64_t begin = block * grain;
    task(begin, begin + grain < count ? begin + grain : count);
  });
}

}  // namespace attn
