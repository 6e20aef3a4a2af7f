#include "training/schedule.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace attn {

double learning_rate(const ScheduleOptions& options, std::int64_t step) {
  const double peak = options.learning_rate;
  if (options.schedule == Schedule::noam) {
    const double ratio = static_cast<double>(step + 1) / static_cast<double>(std::max<std::int64_t>(options.warmup, 1));
    return peak * std::min(ratio, 1.0 / std::sqrt(ratio));
  }
  if (step < options.warmup) return peak * static_cast<double>(step + 1) / static_cast<double>(options.warmup + 1);
  if (options.schedule == Schedule::constant) return peak;
  const double decay_steps = static_cast<double>(std::max<std::int64_t>(options.steps - options.warmup, 1));
  const double done = std::min(1.0, static_cast<double>(step - options.warmup) / decay_steps);
  const double remaining =
      options.schedule == Schedule::linear ? 1.0 - done : 0.5 * (1.0 + std::cos(std::numbers::pi * done));
  return options.min_learning_rate + remaining * (peak - options.min_learning_rate);
}

}  // namespace attn
