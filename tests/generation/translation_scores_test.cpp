#include "generation/translation_scores.h"

#include <doctest/doctest.h>

#include "base/error.h"
#include "base/json.h"
#include "models/folder.h"
#include "text/tokenizer.h"

namespace attn {
namespace {

TEST_CASE("translation scores equal those of transformers, pair by pair") {
  const Json reference = read_json("tests/reference/evaluations.json").at("translation");
  const ModelFolder folder("tests/reference/marian");
  const auto model = load_encoder_decoder(folder);
  const auto tokenizer = tokenizer_from_json(folder.read(kTokenizerFile), "tokenizer.json");
  const auto ids_of = [&](const std::string& text) {
    return tokenizer->add_special_tokens(tokenizer->encode(text)).ids;
  };
  const auto& lines = reference.at("lines").as_array();
  const auto& sums = reference.at("log_probability").as_array();
  const auto& tokens = reference.at("tokens").as_array();
  ThreadPool pool(2);
  std::int64_t pairs = 0;
  TranslationScorer scorer(*model, *simd::kernels(), pool, [&](std::int64_t pair, std::span<const TokenScore> scores) {
    CHECK(pair == pairs++);
    const auto at = static_cast<std::size_t>(pair) % lines.size();
    CHECK(static_cast<std::int64_t>(scores.size()) == tokens[at].as_int());
    double sum = 0;
    for (const TokenScore& score : scores) sum += score.log_probability;
    CHECK(sum == doctest::Approx(sums[at].as_double()).epsilon(1e-5));
  });
  for (int round = 0; round < 10; ++round) {  // several batches
    for (const Json& line : lines) {
      const std::string& text = line.as_string();
      const std::size_t tab = text.find('\t');
      scorer.add(ids_of(text.substr(0, tab)), ids_of(text.substr(tab + 1)));
    }
  }
  scorer.finish();
  CHECK(pairs == static_cast<std::int64_t>(10 * lines.size()));
  const std::vector<std::int32_t> fine = {3, 0}, long_text(15, 3), foreign = {99};
  CHECK_THROWS_AS(scorer.add(fine, {}), Error);
  CHECK_THROWS_AS(scorer.add(long_text, fine), Error);
  CHECK_THROWS_AS(scorer.add(fine, foreign), Error);
}

}  // namespace
}  // namespace attn
