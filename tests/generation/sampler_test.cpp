#include "generation/sampler.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <fstream>
#include <limits>
#include <numeric>
#include <set>
#include <sstream>
#include <string>

#include "base/error.h"
#include "base/random.h"

namespace attn {

namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();
constexpr SamplingOptions kAllOff{.temperature = 1, .top_p = 1};

std::vector<float> numbers(const std::string& line) {
  std::istringstream in(line);
  std::vector<float> result;
  for (std::string word; in >> word;) result.push_back(std::strtof(word.c_str(), nullptr));
  return result;
}

std::set<std::int32_t> drawn(Sampler& sampler, std::span<const float> logits, int draws = 500) {
  std::set<std::int32_t> ids;
  for (int i = 0; i < draws; ++i) ids.insert(sampler.next(logits, {}, 0, static_cast<std::uint64_t>(i)));
  return ids;
}

}  // namespace

TEST_CASE("sampling filters give the values of transformers' logits processors") {
  std::ifstream file("tests/reference/sampling.txt");
  std::string line;
  std::getline(file, line);
  int cases = 0;
  while (std::getline(file, line)) {
    const std::vector<float> settings = numbers(line);
    CAPTURE(line);
    REQUIRE(settings.size() == 14);
    const SamplingOptions options{.temperature = settings[0],
                                  .top_k = static_cast<int>(settings[1]),
                                  .top_p = settings[2],
                                  .min_p = settings[3],
                                  .repetition_penalty = settings[4]};
    const std::vector<std::int32_t> seen(settings.begin() + 5, settings.end());
    std::getline(file, line);
    std::vector<float> logits = numbers(line);
    std::getline(file, line);
    const std::vector<float> expected = numbers(line);
    REQUIRE(logits.size() == expected.size());
    Sampler(options, 1).filter(logits, seen);
    for (std::size_t i = 0; i < expected.size(); ++i) {
      CAPTURE(i);
      if (std::isinf(expected[i])) {
        CHECK(logits[i] == expected[i]);
      } else {
        CHECK(std::abs(logits[i] - expected[i]) < 2e-5f);
      }
    }
    ++cases;
  }
  CHECK(cases == 17);
}

TEST_CASE("greedy options and temperature 0 take the largest logit, the lowest id among equals") {
  const std::vector<float> logits = {1, 3, -2, 3, 2};
  SamplingOptions greedy = kAllOff, cold = kAllOff;
  greedy.greedy = true;
  cold.temperature = 0;
  CHECK(Sampler(greedy, 1).next(logits, {}, 0, 0) == 1);
  CHECK(Sampler(cold, 1).next(logits, {}, 0, 0) == 1);
  greedy.repetition_penalty = 2;
  CHECK(Sampler(greedy, 1).next(logits, std::vector<std::int32_t>{1}, 0, 0) == 3);
}

TEST_CASE("a temperature next to 0 neither overflows nor samples") {
  SamplingOptions options = kAllOff;
  options.temperature = 1e-44f;
  Sampler sampler(options, 1);
  CHECK(drawn(sampler, std::vector<float>{100, 101, 99}) == std::set<std::int32_t>{1});
}

TEST_CASE("ties: top-k keeps tokens as likely as the k-th, top-p the lowest ids") {
  const std::vector<float> equal(10, 0.5f);
  SamplingOptions top_k = kAllOff, top_p = kAllOff;
  top_k.top_k = 1;
  top_p.top_p = 0.35f;
  Sampler first(top_k, 1), second(top_p, 1);
  CHECK(drawn(first, equal).size() == 10);
  CHECK(drawn(second, equal) == std::set<std::int32_t>{0, 1, 2, 3});
}

// The fewest tokens that together have probability p, the likeliest and, of equal ones, the lowest ids first.
std::vector<bool> kept_by_top_p(const std::vector<float>& logits, float p) {
  std::vector<std::size_t> order(logits.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::ranges::stable_sort(order, [&](std::size_t a, std::size_t b) { return logits[a] > logits[b]; });
  const auto weight = [&](std::size_t i) { return std::exp(static_cast<double>(logits[i] - logits[order.front()])); };
  double total = 0, sum = 0;
  for (const std::size_t i : order) total += weight(i);
  std::vector<bool> kept(logits.size(), false);
  for (const std::size_t i : order) {
    if (sum > 0 && sum >= static_cast<double>(p) * total) break;
    kept[i] = !std::isinf(logits[i]);
    sum += weight(i);
  }
  return kept;
}

TEST_CASE("top-p keeps what sorting all tokens would keep") {
  const RandomStream random(1, RandomPurpose::data);
  std::uint64_t draws = 0;
  for (const std::size_t vocabulary : {1, 2, 300, 4000}) {
    for (const float spread :
         {1.0f, 40.0f, 200.0f}) {                // of the last most are further from the first than the bins reach
      for (const float step : {0.0f, 0.125f}) {  // 0.125: on the edges of bins, and many alike
        std::vector<float> logits(vocabulary);
        for (float& logit : logits) {
          logit = spread * static_cast<float>(random.uniform(draws++));
          if (step > 0) logit = step * std::round(logit / step);
        }
        if (vocabulary > 2) logits[1] = -kInfinity;
        for (const float p : {0.0f, 0.3f, 0.95f, 0.9999f}) {
          CAPTURE(vocabulary);
          CAPTURE(spread);
          CAPTURE(step);
          CAPTURE(p);
          std::vector<float> filtered = logits;
          Sampler({.temperature = 1, .top_p = p}, 1).filter(filtered, {});
          std::vector<bool> kept;
          for (const float logit : filtered) kept.push_back(!std::isinf(logit));
          CHECK(kept == kept_by_top_p(logits, p));
        }
      }
    }
  }
}

TEST_CASE("a repetition penalty that is almost 0 draws a token that was seen") {
  const std::vector<float> logits = {1, 10, 2};
  const std::vector<std::int32_t> seen = {1};
  for (const float p : {0.95f, 1.0f}) {
    Sampler sampler({.temperature = 1, .top_p = p, .repetition_penalty = 1e-38f}, 1);
    CHECK(sampler.next(logits, seen, 0, 0) == 1);
  }
}

TEST_CASE("top-p 0 leaves one token, top-p 1 all") {
  const std::vector<float> logits = {0, 2, 1, 2};
  SamplingOptions none = kAllOff;
  none.top_p = 0;
  Sampler one(none, 1), all(kAllOff, 1);
  CHECK(drawn(one, logits) == std::set<std::int32_t>{1});
  CHECK(drawn(all, logits).size() == 4);
}

TEST_CASE("a vocabulary of one token") {
  SamplingOptions options{.top_k = 1, .top_p = 0.5f, .min_p = 0.5f, .repetition_penalty = 1.5f};
  Sampler sampler(options, 1);
  CHECK(sampler.next(std::vector<float>{-3}, std::vector<std::int32_t>{0, 0}, 0, 0) == 0);
}

TEST_CASE("tokens of logit -infinity are never drawn") {
  Sampler sampler(kAllOff, 1);
  CHECK(drawn(sampler, std::vector<float>{-kInfinity, 0, -kInfinity}) == std::set<std::int32_t>{1});
}

TEST_CASE("logits that are not numbers are an error") {
  Sampler sampler({}, 1);
  CHECK_THROWS_AS(sampler.next(std::vector<float>{0, std::nanf("")}, {}, 0, 0), Error);
  CHECK_THROWS_AS(sampler.next(std::vector<float>{0, kInfinity}, {}, 0, 0), Error);
  CHECK_THROWS_AS(sampler.next(std::vector<float>{-kInfinity, -kInfinity}, {}, 0, 0), Error);
}

TEST_CASE("impossible sampling options name the option") {
  CHECK_THROWS_WITH_AS(Sampler({.top_p = 1.5f}, 1), "--top-p is 1.5, expected a number from 0 to 1", Error);
  CHECK_THROWS_AS(Sampler({.temperature = -1}, 1), Error);
  CHECK_THROWS_AS(Sampler({.repetition_penalty = 0}, 1), Error);
}

TEST_CASE("draws follow the probabilities and depend on seed, sample and position alone") {
  const std::vector<float> logits = {std::log(0.1f), std::log(0.6f), std::log(0.3f)};
  Sampler sampler(kAllOff, 7), again(kAllOff, 7), other(kAllOff, 8);
  std::vector<int> counts(3);
  int differ_by_seed = 0, differ_by_sample = 0;
  constexpr int kDraws = 20000;
  for (int i = 0; i < kDraws; ++i) {
    const auto position = static_cast<std::uint64_t>(i);
    const std::int32_t id = sampler.next(logits, {}, 0, position);
    ++counts[static_cast<std::size_t>(id)];
    differ_by_seed += id != other.next(logits, {}, 0, position);
    differ_by_sample += id != sampler.next(logits, {}, 1, position);
    if (i % 1000 == 0) CHECK(again.next(logits, {}, 0, position) == id);
  }
  CHECK(std::abs(counts[0] / double{kDraws} - 0.1) < 0.01);
  CHECK(std::abs(counts[1] / double{kDraws} - 0.6) < 0.01);
  CHECK(differ_by_seed > kDraws / 3);
  CHECK(differ_by_sample > kDraws / 3);
}

}  // namespace attn
