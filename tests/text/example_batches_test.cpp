#include "text/example_batches.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <numeric>

#include "base/error.h"
#include "support/allocation_counter.h"
#include "support/temporary_folder.h"

namespace attn {
namespace {

using Examples = std::vector<std::int64_t>;

/// A file of examples with these numbers of tokens.
ExampleFile examples_of(const TemporaryFolder& folder, const Examples& lengths) {
  ExampleFileWriter writer(folder.path("examples"), 1, 10);
  for (const std::int64_t length : lengths) {
    writer.add(std::vector(1, std::vector<std::int32_t>(static_cast<std::size_t>(length), 7)));
  }
  writer.commit();
  return ExampleFile(folder.path("examples"), 10);
}

std::vector<Examples> epoch_of(ExampleBatches& batches, std::int64_t epoch) {
  std::vector<Examples> all;
  for (std::int64_t i = 0; i < batches.batches_per_epoch(); ++i) {
    const auto batch = batches.batch(epoch * batches.batches_per_epoch() + i);
    all.emplace_back(batch.begin(), batch.end());
  }
  return all;
}

Examples joined(const std::vector<Examples>& batches) {
  Examples all;
  for (const Examples& batch : batches) all.insert(all.end(), batch.begin(), batch.end());
  return all;
}

TEST_CASE("Batches of a number of examples: each example once an epoch, the last batch smaller") {
  const TemporaryFolder folder;
  const ExampleFile file = examples_of(folder, Examples(103, 3));
  ExampleBatches batches(file, {.examples = 10, .seed = 1});
  REQUIRE(batches.batches_per_epoch() == 11);
  std::vector<Examples> orders;
  for (std::int64_t epoch = 0; epoch < 3; ++epoch) {
    const auto all = epoch_of(batches, epoch);
    for (std::size_t i = 0; i < 10; ++i) CHECK(all[i].size() == 10);
    CHECK(all[10].size() == 3);
    orders.push_back(joined(all));
    CHECK(std::is_permutation(orders[0].begin(), orders[0].end(), orders.back().begin(), orders.back().end()));
  }
  Examples in_order(103);
  std::iota(in_order.begin(), in_order.end(), 0);
  CHECK(std::is_permutation(orders[0].begin(), orders[0].end(), in_order.begin()));
  CHECK(orders[0] != orders[1]);
  CHECK(orders[0] != in_order);

  ExampleBatches fixed(file, {.examples = 10});
  CHECK(joined(epoch_of(fixed, 0)) == in_order);
  CHECK(joined(epoch_of(fixed, 5)) == in_order);
  ExampleBatches other_seed(file, {.examples = 10, .seed = 2});
  CHECK(joined(epoch_of(other_seed, 0)) != orders[0]);
}

TEST_CASE("Any batch is found from its number, and none after the first costs an allocation") {
  const TemporaryFolder folder;
  Examples lengths;
  for (std::int64_t i = 0; i < 200; ++i) lengths.push_back(i % 13 + 1);
  const ExampleFile file = examples_of(folder, lengths);
  ExampleBatches batches(file, {.tokens = 64, .seed = 3});
  std::vector<Examples> all;
  for (std::int64_t epoch = 0; epoch < 3; ++epoch) {
    for (const Examples& batch : epoch_of(batches, epoch)) all.push_back(batch);
  }
  ExampleBatches again(file, {.tokens = 64, .seed = 3});
  std::int64_t allocated = 0;
  for (const std::size_t number : {all.size() - 1, std::size_t{0}, std::size_t{40}, all.size() / 2}) {
    const std::int64_t before = allocations_so_far();
    const auto batch = again.batch(static_cast<std::int64_t>(number));
    allocated += allocations_so_far() - before;
    CHECK(std::equal(batch.begin(), batch.end(), all[number].begin(), all[number].end()));
  }
  CHECK(allocated == 0);
}

TEST_CASE("The order of an epoch is this one, on every machine") {
  const TemporaryFolder folder;
  const ExampleFile file = examples_of(folder, Examples(8, 1));
  ExampleBatches batches(file, {.examples = 8, .seed = 1});
  const auto batch = batches.batch(2);
  CHECK(Examples(batch.begin(), batch.end()) == Examples{3, 1, 2, 7, 4, 6, 0, 5});
}

TEST_CASE("A token budget cuts an epoch where examples begin") {
  const TemporaryFolder folder;
  const ExampleFile file = examples_of(folder, {4, 4, 4, 4, 4, 4});
  // 24 tokens in 3 batches of 8: two examples each.
  ExampleBatches by_8(file, {.tokens = 8});
  CHECK(epoch_of(by_8, 0) == std::vector<Examples>{{0, 1}, {2, 3}, {4, 5}});
  // In 4 batches of 6: examples begin at 0, 4 | 8 | 12, 16 | 20.
  ExampleBatches by_7(file, {.tokens = 7});
  CHECK(epoch_of(by_7, 0) == std::vector<Examples>{{0, 1}, {2}, {3, 4}, {5}});
}

TEST_CASE("No batch is empty, however long an example") {
  const TemporaryFolder folder;
  const ExampleFile four = examples_of(folder, {1, 100, 1, 1});
  ExampleBatches batches(four, {.tokens = 10});
  CHECK(batches.batches_per_epoch() == 4);
  CHECK(epoch_of(batches, 0) == std::vector<Examples>{{0}, {1}, {2}, {3}});

  Examples lengths;
  for (std::int64_t i = 0; i < 300; ++i) lengths.push_back(i % 50 == 0 ? 500 : i % 3);
  const ExampleFile file = examples_of(folder, lengths);
  for (const std::int64_t budget : {1, 7, 20, 100, 1000, 100000}) {
    ExampleBatches shuffled(file, {.tokens = budget, .seed = 9});
    CHECK(shuffled.batches_per_epoch() == std::clamp<std::int64_t>((file.total() + budget - 1) / budget, 1, 300));
    for (std::int64_t epoch = 0; epoch < 3; ++epoch) {
      const auto all = epoch_of(shuffled, epoch);
      for (const Examples& batch : all) CHECK_FALSE(batch.empty());
      Examples every = joined(all);
      std::sort(every.begin(), every.end());
      CHECK(std::adjacent_find(every.begin(), every.end()) == every.end());
      CHECK(every.size() == 300);
    }
  }
}

TEST_CASE("Batches need examples and one way to cut them") {
  const TemporaryFolder folder;
  const ExampleFile file = examples_of(folder, {1, 2});
  CHECK_THROWS_AS(ExampleBatches(file, {}), Error);
  CHECK_THROWS_AS(ExampleBatches(file, {.examples = 1, .tokens = 1}), Error);
  CHECK_THROWS_WITH_AS(ExampleBatches(examples_of(folder, {}), {.examples = 1}), doctest::Contains("no examples"),
                       Error);
}

}  // namespace
}  // namespace attn
