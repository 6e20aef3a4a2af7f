#include "training/optimizer.h"

#include <algorithm>
#include <cmath>

namespace attn {

namespace {

constexpr std::int64_t kGrain = 1 << 15;  // numbers of one block

}  // namespace

AdamWOptimizer::AdamWOptimizer(std::int64_t size, const OptimizerOptions& options)
    : options_(options),
      first_(static_cast<std::size_t>(size)),
      second_(static_cast<std::size_t>(size)),
      partial_sums_(static_cast<std::size_t>((size + kGrain - 1) / kGrain)) {}

double AdamWOptimizer::gradient_norm(Context& context, Parameters& parameters) {
  parameters.finish_gradients();
  const float* gradients = parameters.gradients();
  parallel_ranges(context, parameters.size(), kGrain, 2.0 * static_cast<double>(parameters.size()),
                  [&](std::int64_t begin, std::int64_t end) {
                    partial_sums_[static_cast<std::size_t>(begin / kGrain)] =
                        context.kernels.dot(gradients, gradients, begin, end);
                  });
  double sum = 0;
  for (const double partial : partial_sums_) sum += partial;
  return std::sqrt(sum);
}

void AdamWOptimizer::step(Context& context, Parameters& parameters, double learning_rate, double norm) {
  ++updates_;
  const auto power = static_cast<double>(updates_);
  simd::AdamW arguments{.parameters = parameters.values(),
                        .gradients = parameters.gradients(),
                        .first_moment = first_.data(),
                        .second_moment = second_.data(),
                        .learning_rate = static_cast<float>(learning_rate),
                        .beta1 = static_cast<float>(options_.beta1),
                        .beta2 = static_cast<float>(options_.beta2),
                        .eps = static_cast<float>(options_.eps),
                        .correction1 = static_cast<float>(1.0 - std::pow(options_.beta1, power)),
                        .correction2 = static_cast<float>(1.0 - std::pow(options_.beta2, power))};
  if (options_.clip > 0 && norm > options_.clip) arguments.gradient_scale = static_cast<float>(options_.clip / norm);

  const auto update = [&](std::int64_t first, std::int64_t last, double decay) {
    arguments.weight_decay = static_cast<float>(decay);
    parallel_ranges(
        context, last - first, kGrain, 12.0 * static_cast<double>(last - first),
        [&](std::int64_t begin, std::int64_t end) { context.kernels.adamw(arguments, first + begin, first + end); });
  };
  update(0, parameters.decayed(), options_.weight_decay);
  update(parameters.decayed(), parameters.size(), 0);
}

}  // namespace attn
