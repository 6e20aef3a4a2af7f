#include <doctest/doctest.h>

#include <cmath>

#include "base/json.h"
#include "training/classification_metrics.h"
#include "training/correlation.h"
#include "training/retrieval_metrics.h"

namespace attn {
namespace {

std::vector<double> numbers(const Json& array) {
  std::vector<double> result;
  for (const Json& number : array.as_array()) result.push_back(number.as_double());
  return result;
}

TEST_CASE("classification metrics equal scikit-learn's") {
  const Json reference = read_json("tests/reference/metrics.json");
  const auto& cases = reference.at("classification").as_array();
  REQUIRE(cases.size() == 5);
  for (const Json& row : cases) {
    ConfusionMatrix matrix(row.at("classes").as_uint());
    const auto& actual = row.at("actual").as_array();
    for (std::size_t i = 0; i < actual.size(); ++i) {
      matrix.add(actual[i].as_uint(), row.at("predicted").as_array()[i].as_uint());
    }
    CHECK(matrix.total() == static_cast<std::int64_t>(actual.size()));
    CHECK(matrix.accuracy() == doctest::Approx(row.at("accuracy").as_double()).epsilon(1e-12));
    CHECK(matrix.macro_f1() == doctest::Approx(row.at("macro_f1").as_double()).epsilon(1e-12));
    for (std::size_t i = 0; i < matrix.classes(); ++i) {
      CAPTURE(i);
      const ClassFigures figures = matrix.of(i);
      CHECK(figures.precision == doctest::Approx(row.at("precision").as_array()[i].as_double()).epsilon(1e-12));
      CHECK(figures.recall == doctest::Approx(row.at("recall").as_array()[i].as_double()).epsilon(1e-12));
      CHECK(figures.f1 == doctest::Approx(row.at("f1").as_array()[i].as_double()).epsilon(1e-12));
      CHECK(figures.actual == row.at("support").as_array()[i].as_int());
      for (std::size_t j = 0; j < matrix.classes(); ++j) {
        CHECK(matrix.count(i, j) == row.at("matrix").as_array()[i].as_array()[j].as_int());
      }
    }
  }
  CHECK(ConfusionMatrix(2).accuracy() == 0);
  CHECK(ConfusionMatrix(2).macro_f1() == 0);
}

TEST_CASE("correlations and ranks equal SciPy's") {
  const Json reference = read_json("tests/reference/metrics.json");
  const auto& cases = reference.at("correlation").as_array();
  REQUIRE(cases.size() == 5);
  for (const Json& row : cases) {
    const auto a = numbers(row.at("a")), b = numbers(row.at("b"));
    CHECK(pearson(a, b) == doctest::Approx(row.at("pearson").as_double()).epsilon(1e-9));
    CHECK(spearman(a, b) == doctest::Approx(row.at("spearman").as_double()).epsilon(1e-12));
    CHECK(ranks_of(a) == numbers(row.at("ranks")));
  }
  const std::vector<double> constant = {0.1, 0.1, 0.1}, rising = {1, 2, 3};
  CHECK(std::isnan(pearson(constant, rising)));
  CHECK(std::isnan(spearman(rising, constant)));
  CHECK(std::isnan(pearson({}, {})));
}

TEST_CASE("retrieval: rank, recall and mean reciprocal rank") {
  const std::vector<float> scores = {0.5f, 0.9f, 0.5f, -1.0f};
  CHECK(rank_of(scores, 0) == 2);
  CHECK(rank_of(scores, 1) == 1);
  CHECK(rank_of(scores, 2) == 3);  // as good as item 0, which comes first
  CHECK(rank_of(scores, 3) == 4);
  RetrievalMetrics metrics;
  CHECK(metrics.recall_at(1) == 0);
  CHECK(metrics.mean_reciprocal_rank() == 0);
  for (const std::int64_t rank : {1, 2, 5, 10}) metrics.add(rank);
  CHECK(metrics.queries() == 4);
  CHECK(metrics.recall_at(1) == 0.25);
  CHECK(metrics.recall_at(5) == 0.75);
  CHECK(metrics.recall_at(10) == 1);
  CHECK(metrics.mean_reciprocal_rank() == doctest::Approx((1 + 0.5 + 0.2 + 0.1) / 4));
}

}  // namespace
}  // namespace attn
