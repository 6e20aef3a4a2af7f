#include "training/averaging.h"

namespace attn {

void CheckpointAverage::add(const Parameters& parameters) {
  if (count_ == 0) return;
  if (models_.size() == count_) models_.erase(models_.begin());
  models_.emplace_back(parameters.values(), parameters.values() + parameters.size());
}

void CheckpointAverage::write_mean(Parameters& parameters) const {
  for (std::size_t i = 0; i < static_cast<std::size_t>(parameters.size()); ++i) {
    double sum = 0;
    for (const std::vector<float>& model : models_) sum += static_cast<double>(model[i]);
    parameters.values()[i] = static_cast<float>(sum / static_cast<double>(models_.size()));
  }
}

}  // namespace attn
