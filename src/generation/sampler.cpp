#include "generation/sampler.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "base/error.h"
#include "base/random.h"

namespace attn {

namespace {

constexpr float kExcluded = -std::numeric_limits<float>::infinity();

constexpr int kBins = 256;        // of logits, for top-p
constexpr float kBinsOfUnit = 8;  // so many for a difference of 1

// Of a logit that is relative to the largest one.
int bin_of(float logit) {
  return static_cast<int>(std::min(-logit * kBinsOfUnit, static_cast<float>(kBins - 1)));
}

// The position of the largest logit, the first of several.
std::size_t largest(std::span<const float> logits) {
  return static_cast<std::size_t>(std::max_element(logits.begin(), logits.end()) - logits.begin());
}

void check_logits(std::span<const float> logits) {
  bool valid = true, possible = false;
  for (const float logit : logits) {
    valid &= logit < std::numeric_limits<float>::infinity();  // false for NaN too
    possible |= logit > kExcluded;
  }
  if (!valid) fail("the model's output is not a number (NaN or infinity): its weights are damaged or diverged");
  if (!possible) fail("the model gives every token the probability 0");
}

void exclude_below(std::span<float> logits, float limit) {
  for (float& logit : logits) {
    if (logit < limit) logit = kExcluded;
  }
}

}  // namespace

void check_sampling(const SamplingOptions& options) {
  const auto check = [](bool valid, const char* option, float value, const char* expected) {
    if (!valid) usage_error("--", option, " is ", value, ", expected ", expected);
  };
  check(options.temperature >= 0 && std::isfinite(options.temperature), "temperature", options.temperature,
        "a number from 0");
  check(options.top_k >= 0, "top-k", static_cast<float>(options.top_k), "a whole number from 0");
  check(options.top_p >= 0 && options.top_p <= 1, "top-p", options.top_p, "a number from 0 to 1");
  check(options.min_p >= 0 && options.min_p <= 1, "min-p", options.min_p, "a number from 0 to 1");
  check(options.repetition_penalty > 0 && std::isfinite(options.repetition_penalty), "repetition-penalty",
        options.repetition_penalty, "a number above 0");
}

Sampler::Sampler(const SamplingOptions& options, std::uint64_t seed) : options_(options), seed_(seed) {
  check_sampling(options);
}

std::int32_t Sampler::next(std::span<const float> logits, std::span<const std::int32_t> seen, std::uint64_t sample,
                           std::uint64_t position) {
  check_logits(logits);
  logits_.assign(logits.begin(), logits.end());
  if (is_greedy()) {
    penalise(logits_, seen);
    return static_cast<std::int32_t>(largest(logits_));
  }
  filter(logits_, seen);
  return draw(logits_, RandomStream(seed_, RandomPurpose::sampling).derive(sample).uniform(position));
}

void Sampler::filter(std::span<float> logits, std::span<const std::int32_t> seen) {
  penalise(logits, seen);
  // Subtracting first keeps the smallest temperatures from overflowing.
  const float top = logits[largest(logits)];
  for (float& logit : logits) logit = (logit - top) / options_.temperature;
  keep_top_k(logits);
  keep_top_p(logits);
  if (options_.min_p > 0) exclude_below(logits, std::log(options_.min_p));  // p >= min_p · largest p, in logarithms
}

void Sampler::penalise(std::span<float> logits, std::span<const std::int32_t> seen) {
  const float penalty = options_.repetition_penalty;
  if (penalty == 1) return;
  penalised_.resize(logits.size());
  ++round_;
  for (const std::int32_t id : seen) {
    const auto i = static_cast<std::size_t>(id);
    if (i >= logits.size() || penalised_[i] == round_) continue;
    penalised_[i] = round_;
    const float penalised = logits[i] < 0 ? logits[i] * penalty : logits[i] / penalty;
    logits[i] = std::min(penalised, std::numeric_limits<float>::max());  // a tiny penalty would make it infinite
  }
}

void Sampler::keep_top_k(std::span<float> logits) {
  const auto k = static_cast<std::size_t>(options_.top_k);
  if (k == 0 || k >= logits.size()) return;
  sorted_.assign(logits.begin(), logits.end());
  const auto kth = sorted_.begin() + static_cast<std::ptrdiff_t>(k - 1);
  std::nth_element(sorted_.begin(), kth, sorted_.end(), std::greater<>());
  exclude_below(logits, *kth);
}

// Every token that is left becomes a candidate; returns the sum of their weights.
double Sampler::collect(std::span<const float> logits) {
  candidates_.clear();
  double total = 0;
  for (std::size_t i = 0; i < logits.size(); ++i) {
    if (logits[i] == kExcluded) continue;
    candidates_.push_back({logits[i], std::exp(logits[i]), static_cast<std::int32_t>(i)});
    total += candidates_.back().weight;
  }
  return total;
}

void Sampler::keep_top_p(std::span<float> logits) {
  if (options_.top_p >= 1) return;
  // Sums of weights by logit, the likeliest tokens first: only the tokens of the sum with which the probability is reached
  // need sorting.
  std::array<double, kBins> sums{};
  int last_bin = 0;
  double total = 0;
  for (const float logit : logits) {
    if (logit == kExcluded) continue;
    const float weight = std::exp(logit);
    const int bin = bin_of(logit);
    sums[static_cast<std::size_t>(bin)] += weight;
    last_bin = std::max(last_bin, bin);
    total += weight;
  }
  double missing = total * options_.top_p;  // weight that the selection lacks
  int bin = 0;
  for (; bin < last_bin && sums[static_cast<std::size_t>(bin)] < missing; ++bin) {
    missing -= sums[static_cast<std::size_t>(bin)];
  }
  candidates_.clear();
  for (std::size_t i = 0; i < logits.size(); ++i) {
    if (logits[i] == kExcluded || bin_of(logits[i]) != bin) continue;
    candidates_.push_back({logits[i], std::exp(logits[i]), static_cast<std::int32_t>(i)});
  }
  const auto before = [](const Candidate& a, const Candidate& b) {
    return a.logit > b.logit || (a.logit == b.logit && a.id < b.id);
  };
  // Bisection by rank: everything before `low` is selected, everything from `high` on is not. Halving the unsorted
  // rest each time costs O(V) in all.
  auto low = candidates_.begin(), high = candidates_.end();
  while (high - low > 1) {
    const auto middle = low + (high - low) / 2;
    std::nth_element(low, middle, high, before);
    double weight = 0;
    for (auto i = low; i != middle; ++i) weight += i->weight;
    if (weight >= missing) {
      high = middle;
    } else {
      missing -= weight;
      low = middle;
    }
  }
  const Candidate last = *low;  // the least likely one that is selected
  for (std::size_t i = 0; i < logits.size(); ++i) {
    const bool selected =
        logits[i] > last.logit || (logits[i] == last.logit && static_cast<std::int32_t>(i) <= last.id);
    if (!selected) logits[i] = kExcluded;
  }
}

std::int32_t Sampler::draw(std::span<const float> logits, double uniform) {
  const double total = collect(logits);
  double rest = uniform * total;
  for (const Candidate& candidate : candidates_) {
    rest -= candidate.weight;
    if (rest < 0) return candidate.id;
  }
  // Rounding may leave a rest; the last token that is possible takes it.
  const auto last =
      std::find_if(candidates_.rbegin(), candidates_.rend(), [](const Candidate& c) { return c.weight > 0; });
  return last->id;
}

}  // namespace attn
