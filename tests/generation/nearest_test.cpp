#include "generation/nearest.h"

#include <doctest/doctest.h>

#include <algorithm>

#include "autograd/gradient_check.h"
#include "base/error.h"

namespace attn {
namespace {

/// The definition: all scores in double, sorted.
std::vector<std::int64_t> nearest_slowly(VectorRows vectors, const float* query, std::size_t count,
                                         const std::vector<std::int64_t>& left_out) {
  std::vector<std::pair<double, std::int64_t>> scored;
  for (std::int64_t row = 0; row < vectors.rows; ++row) {
    if (std::count(left_out.begin(), left_out.end(), row) > 0) continue;
    double score = 0;
    for (std::int64_t i = 0; i < vectors.columns; ++i) {
      score += static_cast<double>(query[i]) * static_cast<double>(vectors.data[row * vectors.columns + i]);
    }
    scored.emplace_back(-score, row);
  }
  std::sort(scored.begin(), scored.end());
  std::vector<std::int64_t> rows;
  for (std::size_t i = 0; i < std::min(count, scored.size()); ++i) rows.push_back(scored[i].second);
  return rows;
}

std::vector<std::int64_t> rows_of(const std::vector<Neighbour>& neighbours) {
  std::vector<std::int64_t> rows;
  for (const Neighbour& neighbour : neighbours) rows.push_back(neighbour.row);
  return rows;
}

TEST_CASE("nearest rows: those of the definition, for every number of rows, queries and threads") {
  constexpr std::int64_t kColumns = 19;
  const std::vector<float> data = random_values(20000 * kColumns, 1), asked = random_values(70 * kColumns, 2);
  for_every_instruction_set([&](const simd::Kernels& kernels) {
    for (const std::int64_t rows : {1, 7, 513, 20000}) {
      for (const std::int64_t queries : {1, 3, 70}) {
        if (rows * queries > 100'000) continue;
        const VectorRows vectors{data.data(), rows, kColumns}, wanted{asked.data(), queries, kColumns};
        const std::vector<std::int64_t> left_out{0, 5, 6};
        std::vector<std::vector<Neighbour>> first;
        for (const int threads : {1, 3}) {
          ThreadPool pool(threads);
          const auto found = nearest_rows(vectors, wanted, 9, left_out, kernels, pool);
          REQUIRE(found.size() == static_cast<std::size_t>(queries));
          for (std::int64_t q = 0; q < queries; ++q) {
            const auto expected = nearest_slowly(vectors, asked.data() + q * kColumns, 9, left_out);
            REQUIRE(rows_of(found[static_cast<std::size_t>(q)]) == expected);
          }
          if (threads == 1) first = found;
          CHECK(found == first);
        }
      }
    }
  });
}

TEST_CASE("nearest rows: of equal rows the first ones, and columns must fit") {
  const std::vector<float> data(30000, 1.0f);
  const VectorRows vectors{data.data(), 10000, 3}, query{data.data(), 1, 3}, wide{data.data(), 1, 4};
  ThreadPool pool(2);
  const simd::Kernels& kernels = *available_kernels().back();
  const auto found = nearest_rows(vectors, query, 4, {}, kernels, pool);
  CHECK(rows_of(found[0]) == std::vector<std::int64_t>{0, 1, 2, 3});
  for (const Neighbour& neighbour : found[0]) CHECK(neighbour.score == 3);
  CHECK(nearest_rows(vectors, query, 0, {}, kernels, pool)[0].empty());
  CHECK_THROWS_WITH_AS(nearest_rows(vectors, wide, 1, {}, kernels, pool),
                       "queries have 4 numbers, the vectors to search 3", Error);
}

}  // namespace
}  // namespace attn
