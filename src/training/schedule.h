#pragma once
// The learning rate as a function of the step.

#include <cstdint>

namespace attn {

enum class Schedule { cosine, linear, noam, constant };

struct ScheduleOptions {
  Schedule schedule = Schedule::cosine;
  double learning_rate = 1e-3;      // the highest
  double min_learning_rate = 1e-4;  // cosine and linear end here
  std::int64_t warmup = 100;        // steps
  std::int64_t steps = 2000;        // of the whole training
};

/// Learning rate of step 0 … steps - 1. Warm-up is linear: lr·(step + 1)/(warmup + 1), then cosine or linear decay to
/// the minimum (nanoGPT's formulas), constant, or noam: lr·min((step+1)/warmup, √(warmup/(step+1))) (Vaswani et al.
/// 2017, section 5.3, scaled so that its peak is lr).
double learning_rate(const ScheduleOptions& options, std::int64_t step);

}  // namespace attn
