#include "inspection/composed_attention.h"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>

#include "base/error.h"

namespace attn {
namespace {

Matrix matrix(std::int64_t rows, std::int64_t columns, std::vector<float> values) {
  Matrix result(rows, columns);
  result.values = std::move(values);
  return result;
}

TEST_CASE("composed attention: every step of an example done by hand") {
  // D = 4, so the scale is 1/2. Query 0 equals key 0; query 1 has products ln 4 and ln 16 with the keys, halved ln 2
  // and ln 4: weights 1/3 and 2/3.
  const float ln4 = std::log(4.0f), ln16 = std::log(16.0f);
  const Matrix query = matrix(2, 4, {2, 0, 0, 0, 0, 1, 0, 0});
  const Matrix key = matrix(2, 4, {2, ln4, 0, 0, 0, ln16, 0, 0});
  const Matrix value = matrix(2, 2, {3, 0, 0, 6});
  const ComposedAttention steps = composed_attention(query.view(), key.view(), value.view(), true);
  CHECK(steps.products.at(0, 0) == doctest::Approx(4));
  CHECK(steps.products.at(1, 1) == doctest::Approx(std::log(16)));
  CHECK(steps.scores.at(0, 0) == doctest::Approx(2));
  CHECK(steps.scores.at(1, 0) == doctest::Approx(std::log(2)));
  CHECK(steps.masked.at(0, 1) == -std::numeric_limits<float>::infinity());
  CHECK(steps.masked.at(1, 1) == steps.scores.at(1, 1));
  CHECK(steps.weights.at(0, 0) == 1);
  CHECK(steps.weights.at(0, 1) == 0);
  CHECK(steps.weights.at(1, 0) == doctest::Approx(1.0 / 3));
  CHECK(steps.weights.at(1, 1) == doctest::Approx(2.0 / 3));
  CHECK(steps.output.at(0, 0) == doctest::Approx(3));
  CHECK(steps.output.at(0, 1) == 0);
  CHECK(steps.output.at(1, 0) == doctest::Approx(1));
  CHECK(steps.output.at(1, 1) == doctest::Approx(4));
}

TEST_CASE("composed attention: later queries of a longer text see all keys up to their own") {
  const Matrix query = matrix(1, 1, {1}), key = matrix(3, 1, {0, 0, 0}), value = matrix(3, 1, {3, 6, 9});
  CHECK(composed_attention(query.view(), key.view(), value.view(), true).output.at(0, 0) == doctest::Approx(6));
  const Matrix two = matrix(2, 1, {1, 1});
  const ComposedAttention steps = composed_attention(two.view(), key.view(), value.view(), true);
  CHECK(steps.output.at(0, 0) == doctest::Approx(4.5));
  CHECK(steps.output.at(1, 0) == doctest::Approx(6));
}

TEST_CASE("composed attention: huge scores do not overflow") {
  const Matrix query = matrix(1, 1, {1e4f}), key = matrix(2, 1, {1e4f, -1e4f}), value = matrix(2, 1, {5, 7});
  CHECK(composed_attention(query.view(), key.view(), value.view(), false).output.at(0, 0) == 5);
}

TEST_CASE("composed attention: shapes that do not fit are refused") {
  const Matrix two = matrix(2, 1, {1, 2}), one = matrix(1, 1, {1}), wide = matrix(2, 2, {1, 2, 3, 4});
  CHECK_THROWS_AS(composed_attention(two.view(), wide.view(), two.view(), false), Error);
  CHECK_THROWS_AS(composed_attention(two.view(), two.view(), one.view(), false), Error);
  CHECK_THROWS_WITH_AS(composed_attention(two.view(), one.view(), one.view(), true),
                       "attention: 2 queries, but only 1 keys: the first query sees none", Error);
}

}  // namespace
}  // namespace attn
