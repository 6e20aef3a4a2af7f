#include "training/lanes.h"

#include <algorithm>
#include <utility>

namespace attn {

namespace {

constexpr int kLanes = 2;
// A part is large enough that reading the weights and adding up their gradients costs little beside multiplying by them,
// and no larger, so that what it computes stays near the processor and takes little memory (measured with 0.8 to 11 million
// parameters).
constexpr std::int64_t kParametersPerToken = 4500;
constexpr std::int64_t kFewestPartTokens = 128, kMostPartTokens = 1024;
constexpr double kAlwaysShared = 1e12;  // FLOPs, as the pool is told

}  // namespace

Lanes::Lanes(TrainingTask& task, ThreadPool& pool, const simd::Kernels& kernels, Precision precision)
    : task_(task), pool_(pool), kernels_(kernels), precision_(precision), lanes_(kLanes) {
  task.parameters().enable_gradients(kLanes);
  for (int i = 0; i < kLanes; ++i) {
    Lane& lane = lanes_[static_cast<std::size_t>(i)];
    lane.pool =
        std::make_unique<ThreadPool>(std::max(1, (pool.threads() + kLanes - 1 - i) / kLanes), ThreadPool::Guests::one);
  }
}

Arena& Lanes::idle_arena() {
  lanes_[0].arena.reset();
  return lanes_[0].arena;
}

std::int64_t Lanes::parts_of(std::int64_t step, std::int64_t micro) {
  const std::int64_t tokens = task_.targets(step, micro);
  if (tokens < kFewestPartTokens) return 1;
  const std::int64_t part_tokens =
      std::clamp(task_.parameters().count() / kParametersPerToken, kFewestPartTokens, kMostPartTokens);
  const std::int64_t parts =
      std::min(std::max<std::int64_t>(tokens / part_tokens, kLanes), task_.most_parts(step, micro));
  return parts < kLanes ? 1 : parts / kLanes * kLanes;
}

LossSum Lanes::train_part(int index, ThreadPool& pool, const BatchPart& part, const RandomStream& random,
                          float gradient_scale) {
  // A thread alone trains one lane after the other, and needs memory for one.
  Lane& lane = lanes_[pool_.threads() == 1 ? 0 : static_cast<std::size_t>(index)];
  lane.arena.reset();
  lane.tape.reset();
  lane.tape.write_to(task_.parameters().lane(index));
  Context context{lane.arena, pool, kernels_};
  context.tape = &lane.tape;
  context.training = true;
  context.bf16 = precision_ == Precision::bf16;
  context.random = random.derive(static_cast<std::uint64_t>(part.part));
  const LossSum loss = task_.train(context, part, gradient_scale);
  lane.tape.backward();
  return loss;
}

LossSum Lanes::train(std::int64_t step, std::int64_t micro, const RandomStream& random, float gradient_scale) {
  const std::int64_t parts = parts_of(step, micro);
  if (parts == 1) return train_part(0, pool_, {step, micro}, random, gradient_scale);
  if (losses_.size() < static_cast<std::size_t>(parts)) losses_.resize(static_cast<std::size_t>(parts));
  pool_.run(kLanes, kAlwaysShared, [&](std::int64_t index, int) {
    Lane& lane = lanes_[static_cast<std::size_t>(index)];
    lane.pool->open();
    try {
      for (std::int64_t part = index; part < parts; part += kLanes) {
        losses_[static_cast<std::size_t>(part)] =
            train_part(static_cast<int>(index), *lane.pool, {step, micro, part, parts}, random, gradient_scale);
      }
    } catch (...) {
      lane.error = std::current_exception();
    }
    lane.pool->close();
    for (Lane& other : lanes_) other.pool->visit();  // its own is closed, as is one that nobody has begun
  });
  for (Lane& lane : lanes_) {
    if (lane.error) std::rethrow_exception(std::exchange(lane.error, nullptr));
  }
  LossSum sum;
  for (std::int64_t part = 0; part < parts; ++part) sum += losses_[static_cast<std::size_t>(part)];
  return sum;
}

}  // namespace attn
