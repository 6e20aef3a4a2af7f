// Values of the fused attention: against the composed one, its dropout, its trace, its errors.
#include "autograd/attention.h"

#include <algorithm>
#include <cmath>

#include "autograd/attention_cases.h"
#include "autograd/gradient_check.h"
#include "base/error.h"
#include "inspection/composed_attention.h"
#include "support/workbench.h"

namespace attn {
namespace {

/// Inputs held for passes without gradients.
struct Held {
  explicit Held(const AttentionCase& c) : inputs(c.inputs()) {
    for (GradientInput& input : inputs) tensors.push_back({input.values.data(), nullptr, input.shape});
  }
  std::vector<GradientInput> inputs;
  std::vector<Tensor> tensors;
};

MatrixView head_of(const HeadColumns& columns, std::int64_t row, std::int64_t rows, std::int64_t head,
                   std::int64_t d_head) {
  const std::int64_t stride = columns.tensor.columns();
  return {columns.tensor.data + row * stride + columns.column + head * d_head, rows, d_head, stride};
}

/// Every (sequence, head) of a case, sequence by sequence, composed.
std::vector<ComposedAttention> composed(const AttentionCase& c, const Held& held) {
  std::vector<ComposedAttention> all;
  const AttentionCase::Heads at = c.columns(held.tensors);
  std::int64_t query_row = 0, key_row = 0;
  for (std::size_t b = 0; b < c.queries.size(); ++b) {
    for (std::int64_t head = 0; head < c.heads; ++head) {
      const std::int64_t kv_head = head * c.kv_heads / c.heads;
      all.push_back(composed_attention(head_of(at.query, query_row, c.queries[b], head, c.d_head),
                                       head_of(at.key, key_row, c.keys[b], kv_head, c.d_head),
                                       head_of(at.value, key_row, c.keys[b], kv_head, c.d_head), c.causal));
    }
    query_row += c.queries[b];
    key_row += c.keys[b];
  }
  return all;
}

/// The largest difference between the fused result and the composed one.
double difference(const AttentionCase& c, const Tensor& fused, const std::vector<ComposedAttention>& expected) {
  double largest = 0;
  std::int64_t row = 0;
  for (std::size_t b = 0; b < c.queries.size(); ++b) {
    for (std::int64_t head = 0; head < c.heads; ++head) {
      const Matrix& output = expected[b * static_cast<std::size_t>(c.heads) + static_cast<std::size_t>(head)].output;
      for (std::int64_t t = 0; t < c.queries[b]; ++t) {
        for (std::int64_t d = 0; d < c.d_head; ++d) {
          const float found = fused.data[(row + t) * fused.columns() + head * c.d_head + d];
          const double gap = std::abs(static_cast<double>(found) - static_cast<double>(output.at(t, d)));
          largest = gap <= largest ? largest : gap;  // NaN is the largest
        }
      }
    }
    row += c.queries[b];
  }
  return largest;
}

void check_against_composed(const AttentionCase& c) {
  Held held(c);
  const std::vector<ComposedAttention> expected = composed(c, held);
  CAPTURE(to_string(c));
  for_every_instruction_set([&](const simd::Kernels& kernels) {
    Workbench bench(kernels);
    Context& context = bench.context;
    const OperationResult outcome = c.operation()(context, held.tensors);
    CHECK(difference(c, outcome.results[0], expected) < 2e-6);
  });
}

AttentionCase one_sequence(std::int32_t length, std::int64_t d_head, bool causal) {
  return {.queries = {length}, .keys = {length}, .heads = 2, .kv_heads = 2, .d_head = d_head, .causal = causal};
}

TEST_CASE("attention: fused equals composed for every length and head size") {
  for (const bool causal : {false, true}) {
    for (std::int32_t length = 1; length <= 70; ++length) {
      check_against_composed(one_sequence(length, length * 7 % 65 + 1, causal));
      check_against_composed(one_sequence(length, 16, causal));
    }
    for (std::int64_t d_head = 1; d_head <= 65; ++d_head) {
      for (const std::int32_t length : {1, 3, 37}) check_against_composed(one_sequence(length, d_head, causal));
    }
  }
}

TEST_CASE("attention: fused equals composed for batches, grouped heads, every layout") {
  for (const Layout layout : {Layout::packed, Layout::query_apart, Layout::separate}) {
    for (const std::int64_t kv_heads : {6, 3, 2, 1}) {
      for (const bool causal : {false, true}) {
        const std::vector<std::int32_t> lengths{9, 1, 40, 64, 2, 65};
        check_against_composed({.queries = lengths,
                                .keys = lengths,
                                .heads = 6,
                                .kv_heads = kv_heads,
                                .d_head = 8,
                                .causal = causal,
                                .layout = layout});
      }
    }
  }
}

TEST_CASE("attention: fused equals composed where queries and keys differ in number") {
  for (const Layout layout : {Layout::query_apart, Layout::separate}) {
    check_against_composed(
        {.queries = {3, 70, 1, 33}, .keys = {50, 2, 1, 90}, .heads = 2, .kv_heads = 2, .d_head = 12, .layout = layout});
    check_against_composed({.queries = {3, 7, 1, 33},
                            .keys = {50, 7, 20, 90},
                            .heads = 2,
                            .kv_heads = 1,
                            .d_head = 12,
                            .causal = true,
                            .layout = layout});
  }
}

TEST_CASE("attention: large scores neither overflow nor lose the softmax") {
  for (const bool causal : {false, true}) {
    const AttentionCase c = one_sequence(40, 8, causal);
    Held held(c);
    for (float& value : held.inputs[0].values) value *= 30;
    const std::vector<ComposedAttention> expected = composed(c, held);
    for_every_instruction_set([&](const simd::Kernels& kernels) {
      Workbench bench(kernels);
      Context& context = bench.context;
      const OperationResult outcome = c.operation()(context, held.tensors);
      // Scores of hundreds have rounding errors of 1e-4, and so have the weights; the values are up to 45.
      CHECK(difference(c, outcome.results[0], expected) < 1e-2);
    });
  }
}

// With the identity as values, the result is the weights themselves after dropout.
TEST_CASE("attention: dropout keeps weight/(1 - rate) or nothing, another mask for every head and query") {
  constexpr std::int32_t kLength = 64;
  constexpr double kRate = 0.25;
  const AttentionCase c{.queries = {kLength},
                        .keys = {kLength},
                        .heads = 2,
                        .kv_heads = 2,
                        .d_head = kLength,
                        .dropout = static_cast<float>(kRate),
                        .layout = Layout::separate};
  Held held(c);
  Matrix identity(kLength, 2 * kLength);
  for (std::int64_t i = 0; i < kLength; ++i) identity.at(i, i) = identity.at(i, kLength + i) = 1;
  held.inputs[2].values = identity.values;
  held.tensors[2].data = held.inputs[2].values.data();
  const std::vector<ComposedAttention> expected = composed(c, held);
  for_every_instruction_set([&](const simd::Kernels& kernels) {
    Workbench bench(kernels);
    Context& context = bench.context;
    context.training = true;
    const OperationResult first = c.operation()(context, held.tensors), second = c.operation()(context, held.tensors);
    const Tensor y = first.results[0];
    int dropped = 0, unlike_other_head = 0, unlike_next_query = 0, unlike_next_pass = 0;
    for (std::int64_t t = 0; t < kLength; ++t) {
      for (std::int64_t column = 0; column < 2 * kLength; ++column) {
        const auto zero_at = [&](const Tensor& from, std::int64_t row, std::int64_t at) {
          return from.data[row * 2 * kLength + at % (2 * kLength)] == 0;
        };
        const bool zero = zero_at(y, t, column);
        const auto head = static_cast<std::size_t>(column / kLength);
        const double kept = expected[head].weights.at(t, column % kLength) / (1 - kRate);
        if (!zero) REQUIRE(y.data[t * 2 * kLength + column] == doctest::Approx(kept).epsilon(1e-4));
        dropped += zero;
        unlike_other_head += zero != zero_at(y, t, column + kLength);
        unlike_next_query += zero != zero_at(y, (t + 1) % kLength, column);
        unlike_next_pass += zero != zero_at(second.results[0], t, column);
      }
    }
    // 8192 draws: 2048 dropped, deviation 39; independent masks differ in 3072, deviation at most 70.
    CHECK(std::abs(dropped - 2048) < 160);
    CHECK(std::abs(unlike_other_head - 3072) < 280);
    CHECK(std::abs(unlike_next_query - 3072) < 280);
    CHECK(std::abs(unlike_next_pass - 3072) < 280);
  });
}

TEST_CASE("attention: the trace holds the composed weights and scores of every sequence and head") {
  for (const bool causal : {false, true}) {
    const AttentionCase c{
        .queries = {5, 1, 33}, .keys = {5, 1, 33}, .heads = 4, .kv_heads = 2, .d_head = 6, .causal = causal};
    Held held(c);
    const std::vector<ComposedAttention> expected = composed(c, held);
    for_every_instruction_set([&](const simd::Kernels& kernels) {
      AttentionTrace trace;
      trace.with_scores = true;
      Workbench bench(kernels);
      Context& context = bench.context;
      context.trace = &trace;
      c.operation()(context, held.tensors);
      REQUIRE(trace.records.size() == 3);
      for (std::size_t b = 0; b < 3; ++b) {
        const AttentionRecord& record = trace.records[b];
        REQUIRE(record.sequence == static_cast<int>(b));
        REQUIRE(record.heads == 4);
        REQUIRE(record.queries == c.queries[b]);
        REQUIRE(record.keys == c.keys[b]);
        REQUIRE(record.causal == causal);
        for (std::size_t i = 0; i < record.weights.size(); ++i) {
          const std::size_t matrix = record.weights.size() / 4;
          const ComposedAttention& steps = expected[b * 4 + i / matrix];
          REQUIRE(std::abs(record.weights[i] - steps.weights.values[i % matrix]) < 1e-6);
          REQUIRE(std::abs(record.scores[i] - steps.scores.values[i % matrix]) < 2e-6);
          if (std::isinf(steps.masked.values[i % matrix])) REQUIRE(record.weights[i] == 0);
        }
      }
    });
  }
}

TEST_CASE("attention: heads and sequences that do not fit are refused") {
  Workbench bench(*available_kernels().front());
  Context& context = bench.context;
  const Tensor x = context.make(Shape::matrix(4, 12));
  const auto attend = [&](AttentionShape shape, std::vector<std::int32_t> queries, std::vector<std::int32_t> starts,
                          std::vector<std::int32_t> lengths) {
    const AttentionSpans spans{static_cast<std::int64_t>(starts.size()), queries.data(), starts.data(), lengths.data()};
    attention(context, {x, 0}, {x, 4}, {x, 8}, spans, shape, 0, {});
  };
  CHECK_NOTHROW(attend({2, 2, 2, true}, {0, 3, 4}, {0, 3}, {3, 1}));
  CHECK_THROWS_WITH_AS(attend({2, 0, 2, true}, {0, 4}, {0}, {4}), "attention: 0 key/value heads do not divide 2 heads",
                       Error);
  CHECK_THROWS_WITH_AS(attend({3, 2, 2, true}, {0, 4}, {0}, {4}), "attention: 2 key/value heads do not divide 3 heads",
                       Error);
  CHECK_THROWS_WITH_AS(attend({2, 2, 4, true}, {0, 4}, {0}, {4}),
                       "attention: value needs 8 columns from column 8, found (4, 12)", Error);
  CHECK_THROWS_AS(attend({2, 2, 2, true}, {0, 5}, {0}, {4}), Error);           // more queries than rows
  CHECK_THROWS_AS(attend({2, 2, 2, true}, {0, 3, 2}, {0, 0}, {3, 3}), Error);  // starts that fall
  CHECK_THROWS_AS(attend({2, 2, 2, false}, {0, 4}, {2}, {3}), Error);          // keys beyond the rows
  CHECK_THROWS_AS(attend({2, 2, 2, true}, {0, 4}, {0}, {3}), Error);           // a causal query without keys
  CHECK_THROWS_AS(attend({2, 2, 2, false}, {0, 4}, {0}, {0}), Error);          // queries without keys
}

}  // namespace
}  // namespace attn
