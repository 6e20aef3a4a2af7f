// Searches over languages whose probabilities are a function of the tokens so far: no model.

#include "generation/beam_search.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>

#include "base/random.h"

namespace attn {
namespace {

using Ids = std::vector<std::int32_t>;

constexpr float kImpossible = -std::numeric_limits<float>::infinity();
constexpr std::int32_t kEnd = 0;

// log p of every token behind `prefix`.
using Language = std::function<std::vector<float>(const Ids& prefix)>;

// Each prefix has logits of its own, normal numbers times `spread`.
Language random_language(std::size_t vocabulary, std::uint64_t seed, double spread) {
  return [=](const Ids& prefix) {
    RandomStream random(seed, RandomPurpose::data);
    for (const std::int32_t id : prefix) random = random.derive(static_cast<std::uint64_t>(id) + 1);
    std::vector<double> logits(vocabulary);
    double sum = 0;
    for (std::size_t i = 0; i < vocabulary; ++i) sum += std::exp(logits[i] = spread * random.normal(i));
    std::vector<float> row(vocabulary);
    for (std::size_t i = 0; i < vocabulary; ++i) row[i] = static_cast<float>(logits[i] - std::log(sum));
    return row;
  };
}

std::vector<Hypothesis> run(TargetSearch& search, const Language& language) {
  std::vector<Ids> prefixes = {{}};
  for (bool first = true; !search.live().empty(); first = false) {
    std::vector<float> rows;
    if (!first) {
      std::vector<Ids> next;
      for (const TargetSearch::Live& live : search.live()) {
        next.push_back(prefixes[static_cast<std::size_t>(live.parent)]);
        next.back().push_back(live.id);
      }
      prefixes = next;
    }
    std::size_t vocabulary = 0;
    for (const Ids& prefix : prefixes) {
      const std::vector<float> row = language(prefix);
      vocabulary = row.size();
      rows.insert(rows.end(), row.begin(), row.end());
    }
    search.advance(rows.data(), static_cast<std::int64_t>(vocabulary));
  }
  return search.finished();
}

// Every target there is: those that end, and those of max_length tokens that do not.
void enumerate(const Language& language, const SearchOptions& options, const Ids& prefix, double sum,
               std::vector<Hypothesis>& all) {
  const std::vector<float> row = language(prefix);
  const auto length = static_cast<double>(prefix.size() + 1);
  for (std::size_t id = 0; id < row.size(); ++id) {
    const double total = sum + static_cast<double>(row[id]);
    if (row[id] == kImpossible) continue;
    const bool ends = static_cast<std::int32_t>(id) == options.end_id;
    Ids ids = prefix;
    if (!ends) ids.push_back(static_cast<std::int32_t>(id));
    if (ends || static_cast<int>(length) == options.max_length) {
      all.push_back({ids, total, total / std::pow(length, options.length_penalty), ends});
    } else {
      enumerate(language, options, ids, total, all);
    }
  }
}

TEST_CASE("a beam that holds everything finds what exhaustive search finds") {
  for (const double alpha : {0.0, 0.6, 1.0, 2.0}) {
    for (std::uint64_t seed = 1; seed <= 5; ++seed) {
      CAPTURE(alpha);
      CAPTURE(seed);
      const Language language = random_language(5, seed, seed % 2 == 0 ? 1.0 : 3.0);
      const SearchOptions options{kEnd, 4, alpha};
      std::vector<Hypothesis> all;
      enumerate(language, options, {}, 0, all);
      REQUIRE(all.size() == 1 + 4 + 16 + 64 * 5);
      std::sort(all.begin(), all.end(), [](const auto& a, const auto& b) { return a.score > b.score; });
      BeamSearch search(options, 400);
      const std::vector<Hypothesis> found = run(search, language);
      REQUIRE(found.size() == all.size());
      for (std::size_t i = 0; i < all.size(); ++i) {
        CHECK(found[i].ids == all[i].ids);
        CHECK(found[i].ended == all[i].ended);
        CHECK(found[i].log_probability == doctest::Approx(all[i].log_probability));
        CHECK(found[i].score == doctest::Approx(all[i].score));
      }
      // 80 hypotheses hold every target's beginning, and ending early loses none of the best.
      BeamSearch narrower(options, 80);
      const std::vector<Hypothesis> best = run(narrower, language);
      REQUIRE(best.size() == 80);
      for (std::size_t i = 0; i < 80; ++i) CHECK(best[i].ids == all[i].ids);
    }
  }
}

TEST_CASE("a beam of one is the greedy search") {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    CAPTURE(seed);
    const Language language = random_language(6, seed, 1.5);
    const SearchOptions options{kEnd, 12, 1};
    Ids expected;
    double sum = 0;
    bool ended = false;
    while (!ended && expected.size() < 12) {
      const std::vector<float> row = language(expected);
      const auto best = std::max_element(row.begin(), row.end());
      sum += static_cast<double>(*best);
      ended = best == row.begin() + kEnd;
      if (!ended) expected.push_back(static_cast<std::int32_t>(best - row.begin()));
    }
    BeamSearch search(options, 1);
    const std::vector<Hypothesis> found = run(search, language);
    REQUIRE(found.size() == 1);
    CHECK(found[0].ids == expected);
    CHECK(found[0].ended == ended);
    CHECK(found[0].log_probability == doctest::Approx(sum));
    CHECK(found[0].score == doctest::Approx(sum / static_cast<double>(expected.size() + (ended ? 1 : 0))));
  }
}

TEST_CASE("a wider beam finds a likelier target than the greedy search, past its first step") {
  // Token 1 looks better at once, but what follows 2 is certain.
  const Language language = [](const Ids& prefix) -> std::vector<float> {
    if (prefix.empty()) return {kImpossible, std::log(0.6f), std::log(0.4f)};
    if (prefix == Ids{2}) return {0, kImpossible, kImpossible};
    return {std::log(0.3f), std::log(0.35f), std::log(0.35f)};
  };
  BeamSearch greedy({kEnd, 5, 0}, 1), wide({kEnd, 5, 0}, 2);
  CHECK(run(greedy, language)[0].ids == Ids{1, 1, 1, 1, 1});
  const std::vector<Hypothesis> best = run(wide, language);
  CHECK(best[0].ids == Ids{2});
  CHECK(best[0].log_probability == doctest::Approx(std::log(0.4)));
}

TEST_CASE("equal probabilities: lower ids come first, every time") {
  const Language language = [](const Ids& prefix) -> std::vector<float> {
    const bool last = prefix.size() == 2;
    const float p = last ? kImpossible : std::log(0.25f);
    return {last ? 0.0f : kImpossible, p, p, p, p};
  };
  BeamSearch search({kEnd, 3, 1}, 3);
  const std::vector<Hypothesis> found = run(search, language);
  REQUIRE(found.size() == 3);
  CHECK(found[0].ids == Ids{1, 1});
  CHECK(found[1].ids == Ids{1, 2});
  CHECK(found[2].ids == Ids{1, 3});
  CHECK(found[0].score == found[2].score);
}

TEST_CASE("a line ends as soon as nothing that lives can be better") {
  // The end token gets likelier with every step; what does not end is worth ever less.
  int steps = 0;
  const Language language = [&](const Ids& prefix) -> std::vector<float> {
    steps = std::max(steps, static_cast<int>(prefix.size()) + 1);
    return {prefix.empty() ? std::log(0.9f) : std::log(0.98f), std::log(0.01f), std::log(0.01f)};
  };
  BeamSearch search({kEnd, 100, 0}, 2);
  const std::vector<Hypothesis> found = run(search, language);
  REQUIRE(found.size() == 2);
  CHECK(found[0].ids.empty());
  CHECK(found[1].ids == Ids{1});
  CHECK(steps == 2);
  // The limit of a mean log-probability is that of a long target: the search goes on.
  BeamSearch normalised({kEnd, 100, 1}, 2);
  run(normalised, language);
  CHECK(steps > 2);
}

TEST_CASE("samples: as many as asked for, scored by the model, the same whatever other searches do") {
  const Language language = random_language(6, 3, 1);
  const SamplingOptions sampling{.temperature = 1, .top_p = 1};
  Sampler sampler(sampling, 7);
  SampleSearch search({kEnd, 9, 1}, sampler, 10, 4);
  const std::vector<Hypothesis> found = run(search, language);
  REQUIRE(found.size() == 4);
  for (const Hypothesis& hypothesis : found) {
    double sum = 0;
    Ids prefix;
    for (const std::int32_t id : hypothesis.ids) {
      sum += static_cast<double>(language(prefix)[static_cast<std::size_t>(id)]);
      prefix.push_back(id);
    }
    if (hypothesis.ended) sum += static_cast<double>(language(prefix)[kEnd]);
    CHECK(hypothesis.log_probability == doctest::Approx(sum));
    const double n = static_cast<double>(hypothesis.ids.size()) + (hypothesis.ended ? 1 : 0);
    CHECK(hypothesis.score == doctest::Approx(sum / n));
    CHECK(n <= 9);
  }
  // Sample 12 alone is one of them.
  SampleSearch one({kEnd, 9, 1}, sampler, 12, 1);
  const std::vector<Hypothesis> alone = run(one, language);
  REQUIRE(alone.size() == 1);
  CHECK(std::any_of(found.begin(), found.end(), [&](const auto& other) { return other.ids == alone[0].ids; }));
}

TEST_CASE("samples come as often as their probability says") {
  const Language language = [](const Ids& prefix) -> std::vector<float> {
    if (!prefix.empty()) return {0, kImpossible, kImpossible};
    return {std::log(0.2f), std::log(0.5f), std::log(0.3f)};
  };
  Sampler sampler({.temperature = 1, .top_p = 1}, 1);
  SampleSearch search({kEnd, 4, 1}, sampler, 0, 4000);
  int counts[3] = {};
  for (const Hypothesis& hypothesis : run(search, language)) {
    ++counts[hypothesis.ids.empty() ? 0 : hypothesis.ids[0]];
  }
  CHECK(counts[0] == doctest::Approx(800).epsilon(0.1));
  CHECK(counts[1] == doctest::Approx(2000).epsilon(0.1));
  CHECK(counts[2] == doctest::Approx(1200).epsilon(0.1));
}

}  // namespace
}  // namespace attn
