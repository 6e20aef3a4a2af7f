#include "generation/beam_search.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace attn {

namespace {

constexpr double kImpossible = -std::numeric_limits<double>::infinity();

bool better(const Hypothesis& a, const Hypothesis& b) {
  return a.score != b.score ? a.score > b.score : a.ids < b.ids;
}

}  // namespace

TargetSearch::Live TargetSearch::extend(std::size_t parent, std::int32_t id, double sum) {
  nodes_.push_back({live_[parent].node, id});
  return {static_cast<std::int32_t>(parent), id, sum, static_cast<std::int32_t>(nodes_.size() - 1),
          live_[parent].sample};
}

void TargetSearch::finish(std::int32_t node, double sum, bool ended, std::size_t most) {
  Hypothesis hypothesis{{}, sum, sum / std::pow(length_, options_.length_penalty), ended};
  if (finished_.size() == most && hypothesis.score < finished_.back().score) return;
  for (; node >= 0; node = nodes_[static_cast<std::size_t>(node)].before) {
    hypothesis.ids.push_back(nodes_[static_cast<std::size_t>(node)].id);
  }
  std::reverse(hypothesis.ids.begin(), hypothesis.ids.end());
  const auto place = std::upper_bound(finished_.begin(), finished_.end(), hypothesis, better);
  finished_.insert(place, std::move(hypothesis));
  if (finished_.size() > most) finished_.pop_back();
}

BeamSearch::BeamSearch(const SearchOptions& options, int beam)
    : TargetSearch(options), beam_(static_cast<std::size_t>(beam)), wanted_(beam == 1 ? 1 : 2 * beam_) {}

bool BeamSearch::before(const Candidate& a, const Candidate& b) {
  if (a.sum != b.sum) return a.sum > b.sum;
  return a.parent != b.parent ? a.parent < b.parent : a.id < b.id;
}

// The best continuations of all hypotheses, best first. Nearly all tokens fail the first comparison.
void BeamSearch::collect(const float* log_probabilities, std::int64_t vocabulary) {
  candidates_.clear();
  double least = kImpossible;  // a candidate must be above it: later ones lose ties
  for (std::size_t parent = 0; parent < live_.size(); ++parent) {
    const double sum = live_[parent].sum;
    const float* row = log_probabilities + static_cast<std::int64_t>(parent) * vocabulary;
    for (std::int64_t id = 0; id < vocabulary; ++id) {
      const double extended = sum + static_cast<double>(row[id]);
      if (!(extended > least)) continue;
      candidates_.push_back({extended, static_cast<std::int32_t>(parent), static_cast<std::int32_t>(id)});
      std::push_heap(candidates_.begin(), candidates_.end(), before);
      if (candidates_.size() > wanted_) {
        std::pop_heap(candidates_.begin(), candidates_.end(), before);
        candidates_.pop_back();
      }
      if (candidates_.size() == wanted_) least = candidates_.front().sum;
    }
  }
  std::sort_heap(candidates_.begin(), candidates_.end(), before);
}

bool BeamSearch::can_improve() const {
  if (live_.empty() || finished_.size() < beam_) return !live_.empty();
  return live_.front().sum / std::pow(options_.max_length, options_.length_penalty) > finished_.back().score;
}

void BeamSearch::advance(const float* log_probabilities, std::int64_t vocabulary) {
  collect(log_probabilities, vocabulary);
  ++length_;
  const bool last = length_ >= options_.max_length;
  std::vector<Live> next;
  next.reserve(beam_);
  for (std::size_t rank = 0; rank < candidates_.size(); ++rank) {
    const auto [sum, parent, id] = candidates_[rank];
    const auto from = static_cast<std::size_t>(parent);
    if (id == options_.end_id) {
      if (rank < beam_) finish(live_[from].node, sum, true, beam_);
    } else if (next.size() < beam_) {
      next.push_back(extend(from, id, sum));
    }
  }
  if (last) {
    for (const Live& cut : next) finish(cut.node, cut.sum, false, beam_);
    next.clear();
  }
  live_ = std::move(next);
  if (!can_improve()) live_.clear();
}

SampleSearch::SampleSearch(const SearchOptions& options, Sampler& sampler, std::uint64_t first_sample, int count)
    : TargetSearch(options), sampler_(sampler), first_sample_(first_sample), count_(count) {}

void SampleSearch::advance(const float* log_probabilities, std::int64_t vocabulary) {
  std::vector<Live> drawn;
  const auto position = static_cast<std::uint64_t>(length_);
  const auto most = static_cast<std::size_t>(count_);
  const bool first = length_ == 0;
  ++length_;
  for (std::size_t i = 0; i < (first ? most : live_.size()); ++i) {
    const std::size_t parent = first ? 0 : i;
    const std::uint64_t sample = first ? first_sample_ + i : live_[i].sample;
    const std::span row(log_probabilities + static_cast<std::int64_t>(parent) * vocabulary,
                        static_cast<std::size_t>(vocabulary));
    const std::int32_t id = sampler_.next(row, {}, sample, position);
    const double sum = live_[parent].sum + static_cast<double>(row[static_cast<std::size_t>(id)]);
    if (id == options_.end_id) {
      finish(live_[parent].node, sum, true, most);
      continue;
    }
    drawn.push_back(extend(parent, id, sum));
    drawn.back().sample = sample;
    if (length_ < options_.max_length) continue;
    finish(drawn.back().node, sum, false, most);
    drawn.pop_back();
  }
  live_ = std::move(drawn);
}

}  // namespace attn
