#include "training/token_masking.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "base/error.h"

namespace attn {
namespace {

constexpr int kVocabulary = 50;
constexpr std::int32_t kMask = 4;
const std::vector<std::int32_t> kSpecial{0, 1, 2, 3, 4};

/// [CLS] and so many ordinary tokens and [SEP].
std::vector<std::int32_t> text_of(std::int64_t tokens) {
  std::vector<std::int32_t> ids{2};
  for (std::int64_t i = 0; i < tokens; ++i) ids.push_back(static_cast<std::int32_t>(5 + i % 45));
  ids.push_back(3);
  return ids;
}

TEST_CASE("token masking: 15 % of the ordinary tokens, at least one, and none where there is none") {
  const TokenMasking masking(kVocabulary, kSpecial, kMask);
  for (const auto& [tokens, chosen] : {std::pair{0, 0}, {1, 1}, {3, 1}, {10, 2}, {100, 15}}) {
    CHECK(masking.count(text_of(tokens)) == chosen);
  }
}

TEST_CASE("token masking: of those chosen 80 % become the mask, 10 % another token, 10 % stay") {
  const TokenMasking masking(kVocabulary, kSpecial, kMask);
  const std::vector<std::int32_t> text = text_of(20);
  constexpr int kTexts = 10000;
  std::int64_t chosen = 0, masked = 0, replaced = 0, stayed = 0;
  std::vector<std::int64_t> of_place(text.size());
  for (std::uint64_t i = 0; i < kTexts; ++i) {
    std::vector<std::int32_t> ids = text;
    std::int32_t places[3], targets[3];
    REQUIRE(masking.count(ids) == 3);
    masking.apply(RandomStream(1, RandomPurpose::mask).derive(i), ids, places, targets);
    CHECK(std::is_sorted(places, places + 3));
    CHECK(std::set<std::int32_t>(places, places + 3).size() == 3);
    for (std::size_t at = 0; at < ids.size(); ++at) {
      const bool is_chosen = std::count(places, places + 3, static_cast<std::int32_t>(at)) > 0;
      if (!is_chosen) CHECK(ids[at] == text[at]);
      of_place[at] += is_chosen;
    }
    for (int k = 0; k < 3; ++k) {
      const auto at = static_cast<std::size_t>(places[k]);
      CHECK(targets[k] == text[at]);
      ++chosen;
      masked += ids[at] == kMask;
      stayed += ids[at] == text[at];
      replaced += ids[at] != kMask && ids[at] != text[at];
      CHECK((ids[at] == kMask || ids[at] >= 5));
    }
  }
  // Four standard deviations of 30,000 draws; a random token is the old one in 1 of 45 cases.
  const auto n = static_cast<double>(chosen);
  CHECK(std::abs(static_cast<double>(masked) / n - 0.8) < 0.01);
  CHECK(std::abs(static_cast<double>(replaced) / n - 0.1 * 44 / 45) < 0.008);
  CHECK(std::abs(static_cast<double>(stayed) / n - (0.1 + 0.1 / 45)) < 0.008);
  CHECK(of_place.front() == 0);
  CHECK(of_place.back() == 0);
  for (std::size_t at = 1; at + 1 < text.size(); ++at) CHECK(std::abs(of_place[at] - 1500) < 150);
}

TEST_CASE("token masking: hiding takes ordinary tokens alone, each with its probability") {
  const TokenMasking masking(kVocabulary, kSpecial, kMask);
  const std::vector<std::int32_t> text = text_of(10000);
  std::vector<std::int32_t> ids = text, none = text, all = text;
  masking.hide(RandomStream(1, RandomPurpose::mask), 0.3, ids);
  masking.hide(RandomStream(1, RandomPurpose::mask), 0, none);
  masking.hide(RandomStream(1, RandomPurpose::mask), 1, all);
  CHECK(none == text);
  CHECK(std::count(all.begin(), all.end(), kMask) == 10000);
  CHECK(all.front() == 2);
  CHECK(all.back() == 3);
  CHECK(std::abs(std::count(ids.begin(), ids.end(), kMask) - 3000) < 190);
  for (std::size_t i = 0; i < ids.size(); ++i) CHECK((ids[i] == text[i] || ids[i] == kMask));
}

TEST_CASE("token masking: a vocabulary of special tokens alone has nothing to guess") {
  CHECK_THROWS_AS(TokenMasking(5, kSpecial, kMask), Error);
}

}  // namespace
}  // namespace attn
