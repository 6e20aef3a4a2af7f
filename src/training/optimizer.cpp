#include "training/optimizer.h"

#include <algorithm>
#include <cmath>

#include "training/muon.h"

namespace attn {

namespace {

constexpr std::int64_t kGrain = 1 << 15;  // numbers of one block

}  // namespace

Optimizer::Optimizer(std::int64_t size, const OptimizerOptions& options)
    : options_(options),
      first_(static_cast<std::size_t>(size)),
      second_(static_cast<std::size_t>(size)),
      partial_sums_(static_cast<std::size_t>((size + kGrain - 1) / kGrain)) {}

double Optimizer::gradient_norm(Context& context, Parameters& parameters) {
  parameters.finish_gradients();
  float* gradients = parameters.gradients();
  parallel_ranges(context, parameters.size(), kGrain, 2.0 * static_cast<double>(parameters.size()),
                  [&](std::int64_t begin, std::int64_t end) {
                    for (int lane = 1; lane < parameters.lanes(); ++lane) {
                      context.kernels.add(gradients, parameters.gradients(lane), gradients, begin, end);
                    }
                    partial_sums_[static_cast<std::size_t>(begin / kGrain)] =
                        context.kernels.dot(gradients, gradients, begin, end);
                  });
  double sum = 0;
  for (const double partial : partial_sums_) sum += partial;
  return std::sqrt(sum);
}

void Optimizer::step(Context& context, Parameters& parameters, double learning_rate, double norm) {
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

  if (ranges_.empty()) ranges_ = adamw_ranges(parameters);
  for (const Range& range : ranges_) {
    arguments.weight_decay = range.decayed ? static_cast<float>(options_.weight_decay) : 0.0f;
    parallel_ranges(context, range.end - range.begin, kGrain, 12.0 * static_cast<double>(range.end - range.begin),
                    [&](std::int64_t begin, std::int64_t end) {
                      context.kernels.adamw(arguments, range.begin + begin, range.begin + end);
                    });
  }
  if (options_.muon.empty()) return;
  muon_step(context,
            {.parameters = parameters.values(),
             .gradients = parameters.gradients(),
             .momentum = first_.data(),
             .learning_rate = static_cast<float>(learning_rate),
             .weight_decay = static_cast<float>(options_.weight_decay)},
            options_.muon);
}

OptimizerMoments Optimizer::moments() const {
  if (updates_ == 0) return {};
  return {first_, second_, updates_};
}

void Optimizer::restore(OptimizerMoments moments) {
  updates_ = moments.updates;
  if (updates_ == 0) {
    std::fill(first_.begin(), first_.end(), 0.0f);
    std::fill(second_.begin(), second_.end(), 0.0f);
  } else {
    first_ = std::move(moments.first);
    second_ = std::move(moments.second);
  }
}

std::vector<Optimizer::Range> Optimizer::adamw_ranges(const Parameters& parameters) const {
  std::vector<Range> ranges;
  std::int64_t begin = 0;
  for (const LayerMatrix& matrix : options_.muon) {
    if (begin < matrix.offset) ranges.push_back({begin, matrix.offset, true});
    begin = matrix.offset + matrix.rows * matrix.columns;
  }
  if (begin < parameters.decayed()) ranges.push_back({begin, parameters.decayed(), true});
  if (parameters.decayed() < parameters.size()) ranges.push_back({parameters.decayed(), parameters.size(), false});
  return ranges;
}

}  // namespace attn
