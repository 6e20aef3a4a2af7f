#pragma once
// Measurements that tell whether a training is healthy: what a model can learn at all, whether its gradients are right,
// and which of its parts do nothing. They expect a model without dropout.

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "autograd/trace.h"
#include "training/optimizer.h"
#include "training/task.h"

namespace attn {

/// The loss, in nats a target, of one micro-batch before and after many updates on it alone.
struct OverfitResult {
  double first = 0, last = 0;
  std::int64_t steps = 0;
};

/// Trains on the first micro-batch again and again, with a short warm-up and then a constant rate, until its loss is
/// below `enough` times the first one or `most_steps` are done. Changes the parameters. A loss that is no number any more
/// ends it, with `last` infinite.
OverfitResult overfit_one_batch(TrainingTask& task, OptimizerOptions optimizer, double learning_rate,
                                std::int64_t most_steps, double enough, ThreadPool& pool, const simd::Kernels& kernels,
                                Precision precision = Precision::f32);

/// How far the slope of the loss along a tensor's gradient, measured by central differences, is from the gradient's
/// length, beyond what the measurement leaves open: a part of the length.
struct GradientError {
  std::string parameter;
  double length = 0, measured = 0, error = 0;
};

/// Checks every parameter tensor along whose gradient the loss can be measured in single precision, neither too flat nor too
/// bent, on the smallest part of the first micro-batch. The parameters are as before afterwards. `progress(done, all)` is called now and then.
std::vector<GradientError> check_gradients(TrainingTask& task, ThreadPool& pool, const simd::Kernels& kernels,
                                           const std::function<void(std::size_t, std::size_t)>& progress);

/// The units of one feed-forward layer. A unit is silent if the gradient of its weights is less than a ten-thousandth of
/// the layer's median: never active, or saturated, whatever the input.
struct SilentUnits {
  std::string layer;  // "model.layers.0"
  std::int64_t units = 0, silent = 0;
};

/// Measured with the gradients of `batches` micro-batches.
std::vector<SilentUnits> silent_units(TrainingTask& task, std::int64_t batches, ThreadPool& pool,
                                      const simd::Kernels& kernels);

/// How evenly a head spreads its weights: the entropy of a query's weights divided by the logarithm of the number of keys
/// it may look at, averaged over the queries that have a choice. 1: evenly; 0: always one key alone.
struct HeadEntropy {
  AttentionKind kind = AttentionKind::decoder;
  int layer = 0, head = 0;
  double entropy = 0;
};

/// Of every head, on the first validation batch; none if there is no choice anywhere.
std::vector<HeadEntropy> head_entropies(TrainingTask& task, ThreadPool& pool, const simd::Kernels& kernels);

}  // namespace attn
