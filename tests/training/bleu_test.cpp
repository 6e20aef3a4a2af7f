#include "training/bleu.h"

#include <doctest/doctest.h>

#include "base/json.h"

namespace attn {
namespace {

/// What sacreBLEU says; made by tests/reference/make_bleu.py.
Json read_reference() {
  return read_json("tests/reference/translation_scores.json");
}

TEST_CASE("bleu: 13a's words equal sacreBLEU's") {
  const Json reference = read_reference();
  const auto& cases = reference.at("words").as_array();
  REQUIRE(cases.size() > 100);
  for (const Json& row : cases) {
    const std::string& text = row.as_array()[0].as_string();
    CAPTURE(text);
    std::vector<std::string> expected;
    for (const Json& word : row.as_array()[1].as_array()) expected.push_back(word.as_string());
    CHECK(tokenize_13a(text) == expected);
  }
}

TEST_CASE("bleu: score and parts equal sacreBLEU's") {
  const Json reference = read_reference();
  const auto& corpora = reference.at("corpora").as_array();
  REQUIRE(corpora.size() == 40);
  for (const Json& corpus : corpora) {
    CAPTURE(corpus.at("name").as_string());
    Bleu bleu;
    for (const Json& pair : corpus.at("pairs").as_array()) {
      bleu.add(pair.as_array()[0].as_string(), pair.as_array()[1].as_string());
    }
    const BleuScore score = bleu.score();
    CHECK(score.score == doctest::Approx(corpus.at("bleu").as_double()).epsilon(1e-9));
    for (std::size_t i = 0; i < BleuScore::kOrders; ++i) {
      CHECK(score.precisions[i] == doctest::Approx(corpus.at("precisions").as_array()[i].as_double()).epsilon(1e-9));
    }
    CHECK(score.brevity_penalty == doctest::Approx(corpus.at("brevity_penalty").as_double()).epsilon(1e-9));
    CHECK(score.ratio == doctest::Approx(corpus.at("ratio").as_double()).epsilon(1e-9));
    CHECK(score.hypothesis_words == corpus.at("hypothesis_words").as_int());
    CHECK(score.reference_words == corpus.at("reference_words").as_int());
  }
}

TEST_CASE("bleu: nothing at all scores 0") {
  CHECK(Bleu().score().score == 0);
}

TEST_CASE("bleu: the signature has sacreBLEU's form and this program's version") {
  CHECK(Bleu::signature().starts_with("nrefs:1|case:mixed|eff:no|tok:13a|smooth:exp|version:attn-"));
}

}  // namespace
}  // namespace attn
