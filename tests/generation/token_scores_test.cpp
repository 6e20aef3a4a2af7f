#include "generation/token_scores.h"

#include <doctest/doctest.h>

#include <cmath>

#include "base/error.h"
#include "generation/cached_decoder.h"
#include "support/random_model.h"

namespace attn {

namespace {

using Ids = std::vector<std::int32_t>;

// Scores by decoding token after token, windows of `context` tokens as the scorer cuts them.
std::vector<TokenScore> decoded_scores(const DecoderModel& model, const Ids& ids) {
  ThreadPool pool(1);
  const auto context = static_cast<std::size_t>(model.config().context);
  CachedDecoder decoder(model, *simd::kernels(), pool, 1, 1000);
  std::vector<TokenScore> scores;
  for (std::size_t i = 0; i + 1 < ids.size(); ++i) {
    if (i % context == 0) {
      decoder.read({&ids[i], 1});
    } else {
      decoder.append({&ids[i], 1});
    }
    double sum = 0, entropy = 0;
    for (const float logit : decoder.logits(0)) sum += std::exp(static_cast<double>(logit));
    std::int64_t rank = 1;
    const float target = decoder.logits(0)[static_cast<std::size_t>(ids[i + 1])];
    for (const float logit : decoder.logits(0)) {
      const double probability = std::exp(static_cast<double>(logit)) / sum;
      entropy -= probability * std::log(probability);
      rank += logit > target;
    }
    scores.push_back({static_cast<double>(target) - std::log(sum), rank, entropy});
  }
  return scores;
}

}  // namespace

TEST_CASE("scores of texts are those of decoding them token by token") {
  const auto model = random_model(tiny_config(Architecture::gpt2, 8));
  std::vector<Ids> texts = {{1, 2, 3}, {}, {5}, {}, {9, 9}};
  const RandomStream random(1, RandomPurpose::data);
  for (std::uint64_t i = 0; i < 1200; ++i) texts[3].push_back(static_cast<std::int32_t>(random.below(i, 23)));
  ThreadPool pool(2);
  std::int64_t next = 0;
  TokenScorer scorer(*model, *simd::kernels(), pool, [&](std::int64_t text, std::span<const TokenScore> scores) {
    CHECK(text == next++);
    CAPTURE(text);
    const std::vector<TokenScore> expected = decoded_scores(*model, texts[static_cast<std::size_t>(text)]);
    REQUIRE(scores.size() == expected.size());
    double log_probability = 0, entropy = 0;
    std::int64_t rank = 0;
    for (std::size_t i = 0; i < scores.size(); ++i) {
      log_probability = std::max(log_probability, std::abs(scores[i].log_probability - expected[i].log_probability));
      entropy = std::max(entropy, std::abs(scores[i].entropy - expected[i].entropy));
      rank += scores[i].rank != expected[i].rank;
    }
    CHECK(log_probability < 2e-5);
    CHECK(entropy < 2e-5);
    CHECK(rank == 0);
  });
  for (const Ids& text : texts) scorer.add(text);
  CHECK(next == 4);  // the long one filled a batch
  scorer.finish();
  CHECK(next == 5);
  CHECK_THROWS_AS(scorer.add(Ids{1, 23}), Error);
}

}  // namespace attn
