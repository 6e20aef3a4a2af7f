#include "training/retrieval_metrics.h"

#include <algorithm>

namespace attn {

std::int64_t rank_of(std::span<const float> scores, std::size_t right) {
  std::int64_t rank = 1;
  for (std::size_t i = 0; i < scores.size(); ++i) {
    if (scores[i] > scores[right] || (i < right && scores[i] == scores[right])) ++rank;
  }
  return rank;
}

double RetrievalMetrics::recall_at(std::int64_t k) const {
  if (ranks_.empty()) return 0;
  const auto found = std::count_if(ranks_.begin(), ranks_.end(), [k](std::int64_t rank) { return rank <= k; });
  return static_cast<double>(found) / static_cast<double>(ranks_.size());
}

double RetrievalMetrics::mean_reciprocal_rank() const {
  double sum = 0;
  for (const std::int64_t rank : ranks_) sum += 1 / static_cast<double>(rank);
  return ranks_.empty() ? 0 : sum / static_cast<double>(ranks_.size());
}

}  // namespace attn
