#include "nn/cache.h"

#include <doctest/doctest.h>

#include <vector>

#include "base/error.h"

namespace attn {
namespace {

/// A projection (N, 5) whose element (row, column) is 10·row + column; keys in columns 1-2, values in 3-4.
struct Projection {
  explicit Projection(std::int64_t rows) : values(static_cast<std::size_t>(rows * 5)) {
    for (std::size_t i = 0; i < values.size(); ++i) values[i] = static_cast<float>(i / 5 * 10 + i % 5);
    tensor = {values.data(), nullptr, Shape::matrix(rows, 5)};
  }
  HeadColumns key() const { return {tensor, 1}; }
  HeadColumns value() const { return {tensor, 3}; }
  std::vector<float> values;
  Tensor tensor;
};

void read(KeyValueCache& cache, const Projection& projection, const std::vector<std::int32_t>& starts) {
  const auto sequences = static_cast<std::int64_t>(starts.size()) - 1;
  cache.append(0, projection.key(), projection.value(), starts.data(), sequences);
  cache.append(1, projection.key(), projection.value(), starts.data(), sequences);
  cache.advance(starts.data(), sequences);
}

TEST_CASE("cache: every sequence goes behind what its slot holds") {
  KeyValueCache cache(2, 3, 4, 2);
  read(cache, Projection(3), {0, 1, 3});     // slot 0: row 0; slot 1: rows 1, 2
  read(cache, Projection(4), {0, 2, 2, 4});  // slot 0: rows 0, 1; slot 1: none; slot 2: rows 2, 3
  CHECK(cache.length(0) == 3);
  CHECK(cache.length(1) == 2);
  CHECK(cache.length(2) == 2);
  for (const int layer : {0, 1}) {
    const Tensor keys = cache.keys(layer), values = cache.values(layer);
    REQUIRE(keys.shape == Shape::matrix(12, 2));
    const float first_of_row[] = {0, 0, 10, -1, 10, 20, -1, -1, 20, 30, -1, -1};
    for (std::int64_t row = 0; row < 12; ++row) {
      if (first_of_row[row] < 0) continue;
      for (std::int64_t column = 0; column < 2; ++column) {
        CHECK(keys.data[row * 2 + column] == first_of_row[row] + 1 + static_cast<float>(column));
        CHECK(values.data[row * 2 + column] == first_of_row[row] + 3 + static_cast<float>(column));
      }
    }
  }
}

TEST_CASE("cache: spans count the batch's own tokens") {
  KeyValueCache cache(2, 2, 8, 2);
  read(cache, Projection(5), {0, 2, 5});
  const std::vector<std::int32_t> starts{0, 1, 3};
  const AttentionSpans spans = cache.spans(starts.data(), 2);
  CHECK(spans.sequences == 2);
  CHECK(spans.query_starts == starts.data());
  CHECK(spans.key_starts[0] == 0);
  CHECK(spans.key_starts[1] == 8);
  CHECK(spans.key_lengths[0] == 3);
  CHECK(spans.key_lengths[1] == 5);
}

TEST_CASE("cache: truncated, and all slots continue the first") {
  KeyValueCache cache(2, 3, 4, 2);
  read(cache, Projection(4), {0, 3, 4});
  cache.truncate(2);
  CHECK(cache.length(0) == 2);
  CHECK(cache.length(1) == 1);
  cache.reorder(std::vector<std::int32_t>{0, 0, 0});
  for (const int slot : {0, 1, 2}) {
    CHECK(cache.length(slot) == 2);
    for (const int layer : {0, 1}) {
      for (std::int64_t i = 0; i < 4; ++i) {
        CHECK(cache.keys(layer).data[slot * 8 + i] == cache.keys(layer).data[i]);
        CHECK(cache.values(layer).data[slot * 8 + i] == cache.values(layer).data[i]);
      }
    }
  }
}

/// Element (position, 0) of what a slot holds: where its keys are, spans() knows.
std::vector<float> held_keys(KeyValueCache& cache, int layer, int slot) {
  std::vector<std::int32_t> starts(static_cast<std::size_t>(cache.slots()) + 1, 0);
  const AttentionSpans spans = cache.spans(starts.data(), cache.slots());
  std::vector<float> held;
  for (std::int64_t i = 0; i < cache.length(slot); ++i) {
    held.push_back(cache.keys(layer).data[(spans.key_starts[slot] + i) * 2]);
  }
  return held;
}

TEST_CASE("cache: slots continue others, and only what is continued twice moves") {
  KeyValueCache cache(2, 4, 4, 2);
  read(cache, Projection(4), {0, 1, 2, 3, 4});
  const std::vector<std::int32_t> none(5, 0);
  const std::int32_t place_of_2 = cache.spans(none.data(), 4).key_starts[2];
  cache.reorder(std::vector<std::int32_t>{2, 0, 2});
  CHECK(cache.spans(none.data(), 4).key_starts[0] == place_of_2);
  read(cache, Projection(3), {0, 1, 2, 3});
  for (const int layer : {0, 1}) {
    CHECK(held_keys(cache, layer, 0) == std::vector<float>{21, 1});
    CHECK(held_keys(cache, layer, 1) == std::vector<float>{1, 11});
    CHECK(held_keys(cache, layer, 2) == std::vector<float>{21, 21});
    CHECK(held_keys(cache, layer, 3).empty());
  }
  cache.reorder(std::vector<std::int32_t>{1, 1, 1, 2});
  read(cache, Projection(4), {0, 1, 2, 3, 4});
  for (const int layer : {0, 1}) {
    for (const int slot : {0, 1, 2}) {
      CHECK(held_keys(cache, layer, slot) == std::vector<float>{1, 11, static_cast<float>(10 * slot + 1)});
    }
    CHECK(held_keys(cache, layer, 3) == std::vector<float>{21, 21, 31});
  }
  CHECK_THROWS_AS(cache.reorder(std::vector<std::int32_t>{4}), Error);
  CHECK_THROWS_AS(cache.reorder(std::vector<std::int32_t>(5, 0)), Error);
  cache.restart(2, 3);
  CHECK(cache.slots() == 2);
  CHECK(cache.length(0) == 0);
  read(cache, Projection(2), {0, 1, 2});
  CHECK(held_keys(cache, 1, 1) == std::vector<float>{11});
}

TEST_CASE("cache: a full slot and too many sequences are errors, after which it is as before") {
  KeyValueCache cache(2, 2, 4, 2);
  read(cache, Projection(3), {0, 3});
  CHECK_THROWS_WITH_AS(read(cache, Projection(2), {0, 2}), "the cache holds 4 tokens, asked for 5", Error);
  CHECK_THROWS_WITH_AS(read(cache, Projection(3), {0, 1, 2, 3}), "the cache has 2 slots, the batch 3 sequences", Error);
  CHECK(cache.length(0) == 3);
  CHECK(cache.length(1) == 0);
  read(cache, Projection(1), {0, 1});
  CHECK(cache.length(0) == 4);
}

}  // namespace
}  // namespace attn
