#pragma once
// How likely a model finds given tokens, from the states that predict them.

#include <cstdint>
#include <span>

#include "base/arena.h"
#include "simd/kernels.h"
#include "tensor/tensor.h"
#include "threading/thread_pool.h"

namespace attn {

/// One token, given what the model saw.
struct TokenScore {
  double log_probability;  // natural logarithm
  std::int64_t rank;       // 1: the token that the model finds most likely
  double entropy;          // of the model's distribution, in nats
};

/// Runs output projections over blocks of rows: the whole batch's logits (N, V) are never held.
class RowScorer {
 public:
  RowScorer(const simd::Kernels& kernels, ThreadPool& pool) : kernels_(kernels), pool_(pool) {}

  /// hidden (N, C), weight (V, C), bias (V) or empty, targets (N), each below V, → scores (N).
  void score(const Tensor& hidden, const Tensor& weight, const Tensor& bias, std::span<const std::int32_t> targets,
             std::span<TokenScore> scores);

 private:
  const simd::Kernels& kernels_;
  ThreadPool& pool_;
  Arena arena_;  // the logits of a block
};

}  // namespace attn
