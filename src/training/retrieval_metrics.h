#pragma once
// How early the right item comes when items are sorted by their likeness to a query.

#include <cstdint>
#include <span>
#include <vector>

namespace attn {

/// Rank of the item `right` from 1, the highest score first; of equal scores the earlier item comes first.
std::int64_t rank_of(std::span<const float> scores, std::size_t right);

class RetrievalMetrics {
 public:
  /// The rank of a query's right item, from 1.
  void add(std::int64_t rank) { ranks_.push_back(rank); }

  std::int64_t queries() const { return static_cast<std::int64_t>(ranks_.size()); }
  /// The part of the queries whose right item is among the first k; 0 without queries.
  double recall_at(std::int64_t k) const;
  /// MRR: mean of 1/rank; 0 without queries.
  double mean_reciprocal_rank() const;

 private:
  std::vector<std::int64_t> ranks_;
};

}  // namespace attn
