#include <doctest/doctest.h>

#include <memory>

#include "naive.h"
#include "support.h"

namespace attn::test {
namespace {

using simd::Attention;
using simd::AttentionBackward;
using simd::Kernels;

struct Lengths {
  std::int32_t queries, keys;
};

struct Case {
  std::vector<Lengths> sequences;
  std::int64_t heads = 2, kv_heads = 2, d_head = 8;
  bool causal = true;
  float dropout = 0;
  std::int64_t offset = 0;  // misalignment of all operands
  bool accumulate = false;
};

/// Operands of one attention, forward and backward. Key rows lie in reverse order of the sequences, with
/// gaps.
struct Operands {
  std::vector<std::int32_t> query_starts{0}, key_starts, key_lengths;
  std::unique_ptr<Array> query, key, value, out, log_sum_exp, d_out, d_query, d_key, d_value;
  AttentionBackward b;

  explicit Operands(const Case& c) {
    std::int32_t rows = 1;
    for (const Lengths& lengths : c.sequences) {
      query_starts.push_back(query_starts.back() + lengths.queries);
      key_lengths.push_back(lengths.keys);
      key_starts.insert(key_starts.begin(), 0);
    }
    for (std::size_t i = c.sequences.size(); i-- > 0; rows += key_lengths[i] + 1) key_starts[i] = rows;
    Attention& p = b.forward;
    p.sequences = static_cast<std::int64_t>(c.sequences.size());
    p.heads = c.heads;
    p.kv_heads = c.kv_heads;
    p.d_head = c.d_head;
    p.scale = 1 / std::sqrt(static_cast<float>(c.d_head));
    p.causal = c.causal;
    p.dropout = c.dropout;
    p.dropout_key = 0x123456789ABCDEFu;
    p.query_starts = query_starts.data();
    p.key_starts = key_starts.data();
    p.key_lengths = key_lengths.data();
    p.ld_query = c.heads * c.d_head + 3;
    p.ld_key = c.kv_heads * c.d_head + 1;
    p.ld_value = c.kv_heads * c.d_head + 2;
    p.ld_out = c.heads * c.d_head + c.offset;
    const std::int64_t n = query_starts.back();
    const auto make = [&](std::unique_ptr<Array>& array, std::int64_t size, std::uint64_t seed) {
      array = std::make_unique<Array>(size, c.offset);
      array->fill_random(seed);
      return array->data();
    };
    p.query = make(query, n * p.ld_query, 1);
    p.key = make(key, rows * p.ld_key, 2);
    p.value = make(value, rows * p.ld_value, 3);
    p.out = make(out, n * p.ld_out, 4);
    p.log_sum_exp = make(log_sum_exp, n * c.heads, 5);
    b.d_out = make(d_out, n * p.ld_out, 6);
    b.d_query = make(d_query, n * p.ld_query, 7);
    b.d_key = make(d_key, rows * p.ld_key, 8);
    b.d_value = make(d_value, rows * p.ld_value, 9);
    b.accumulate_query = b.accumulate_key = b.accumulate_value = c.accumulate;
  }
};

void run_forward(const Kernels& kernels, const Attention& p) {
  Scratch scratch(kernels.attention_scratch(p));
  for (std::int64_t block = 0; block < kernels.attention_blocks(p); ++block)
    kernels.attention(p, block, scratch.data());
}

void run_backward(const Kernels& kernels, const AttentionBackward& b) {
  Scratch scratch(kernels.attention_backward_scratch(b));
  for (std::int64_t block = kernels.attention_backward_blocks(b); block-- > 0;) {
    kernels.attention_backward(b, block, scratch.data());
  }
}

/// The largest error of rows [0, count) of `actual`, (count, columns) with ld, against (count, columns)
/// doubles.
double worst_error(const float* actual, std::int64_t ld, std::int64_t count, std::int64_t columns,
                   const naive::Doubles& expected) {
  double worst = 0;
  for (std::int64_t i = 0; i < count; ++i) {
    for (std::int64_t c = 0; c < columns; ++c) {
      worst = std::max(worst, error_of(actual[i * ld + c], expected[static_cast<std::size_t>(i * columns + c)], 1));
    }
  }
  return worst;
}

// Scores are near 1, weights sum to 1 and values are near 1: a hundred roundings of 2^-24 are far more than
// what 300 keys lead to; the exponential adds 5 of them. Sums of gradients over queries get a factor for
// their number.
constexpr double kTolerance = 150 * kFloatEpsilon;

void check_forward(const Kernels& kernels, const Case& c) {
  Operands operands(c);
  const Attention& p = operands.b.forward;
  run_forward(kernels, p);
  for (std::int64_t b = 0; b < p.sequences; ++b) {
    const std::int64_t first = p.query_starts[b], queries = p.query_starts[b + 1] - first;
    for (std::int64_t h = 0; h < p.heads; ++h) {
      const naive::AttentionResult expected = naive::attention(p, b, h);
      CHECK(worst_error(p.out + first * p.ld_out + h * p.d_head, p.ld_out, queries, p.d_head, expected.out) <
            kTolerance * 2);
      for (std::int64_t t = 0; t < queries; ++t) {
        const float actual = p.log_sum_exp[(first + t) * p.heads + h];
        const double wanted = expected.log_sum_exp[static_cast<std::size_t>(t)];
        CHECK((actual == wanted || error_of(actual, wanted, 1) < kTolerance));
      }
      Array weights(queries * p.key_lengths[b]), scores(queries * p.key_lengths[b]);
      kernels.attention_weights(p, b, h, weights, scores);
      CHECK(worst_error(weights, p.key_lengths[b], queries, p.key_lengths[b], expected.weights) < kTolerance);
    }
  }
}

void check_backward(const Kernels& kernels, const Case& c) {
  Operands operands(c);
  const AttentionBackward& b = operands.b;
  const Attention& p = b.forward;
  run_forward(kernels, p);
  const std::vector<float> query_before = operands.d_query->copy(), key_before = operands.d_key->copy(),
                           value_before = operands.d_value->copy();
  run_backward(kernels, b);

  const auto start = [&](const std::vector<float>& before) {
    return c.accumulate ? naive::Doubles(before.begin(), before.end()) : naive::Doubles(before.size());
  };
  naive::Doubles d_query = start(query_before), d_key = start(key_before), d_value = start(value_before);
  std::vector<bool> query_owned(d_query.size()), key_owned(d_key.size()), value_owned(d_value.size());
  for (std::int64_t s = 0; s < p.sequences; ++s) {
    const std::int64_t first = p.query_starts[s], queries = p.query_starts[s + 1] - first;
    for (std::int64_t h = 0; h < p.heads; ++h) {
      const naive::AttentionGradients g = naive::attention_backward(b, s, h);
      const std::int64_t kv = h * p.kv_heads / p.heads, d = p.d_head;
      const auto at = [](std::int64_t i) { return static_cast<std::size_t>(i); };
      for (std::int64_t t = 0; t < queries; ++t) {
        for (std::int64_t i = 0; i < d; ++i) {
          d_query[at((first + t) * p.ld_query + h * d + i)] += g.query[at(t * d + i)];
          query_owned[at((first + t) * p.ld_query + h * d + i)] = true;
        }
      }
      for (std::int64_t j = 0; j < p.key_lengths[s]; ++j) {
        for (std::int64_t i = 0; i < d; ++i) {
          const std::int64_t row = p.key_starts[s] + j;
          d_key[at(row * p.ld_key + kv * d + i)] += g.key[at(j * d + i)];
          d_value[at(row * p.ld_value + kv * d + i)] += g.value[at(j * d + i)];
          key_owned[at(row * p.ld_key + kv * d + i)] = value_owned[at(row * p.ld_value + kv * d + i)] = queries > 0;
        }
      }
    }
  }
  const auto compare = [&](const float* actual, const std::vector<float>& before, const naive::Doubles& expected,
                           const std::vector<bool>& owned) {
    double worst = 0;
    bool others_untouched = true;
    for (std::size_t i = 0; i < expected.size(); ++i) {
      if (owned[i]) {
        worst = std::max(worst, error_of(actual[i], expected[i], 1));
      } else {
        others_untouched &= actual[i] == before[i];
      }
    }
    CHECK(worst < kTolerance * 10 * static_cast<double>(c.heads / c.kv_heads));
    CHECK(others_untouched);
  };
  compare(b.d_query, query_before, d_query, query_owned);
  compare(b.d_key, key_before, d_key, key_owned);
  compare(b.d_value, value_before, d_value, value_owned);
}

std::vector<Case> cases() {
  std::vector<Case> list;
  for (std::int64_t d : {1, 4, 7, 8, 20, 32, 33, 64, 65}) {
    list.push_back({.sequences = {{19, 19}, {1, 1}, {3, 3}, {70, 70}}, .d_head = d, .offset = d % 4});
    list.push_back({.sequences = {{5, 37}, {33, 12}, {2, 9}}, .d_head = d, .causal = false, .accumulate = true});
  }
  for (std::int32_t t = 1; t <= 35; ++t) {
    list.push_back({.sequences = {{t, t}, {t, t + 5}}, .heads = 1, .kv_heads = 1, .d_head = 16, .offset = t % 4});
    list.push_back({.sequences = {{t, t}}, .heads = 1, .kv_heads = 1, .d_head = 16, .causal = false});
  }
  list.push_back({.sequences = {{130, 130}}, .heads = 4, .kv_heads = 2, .d_head = 32});            // grouped, by tiles
  list.push_back({.sequences = {{20, 20}, {9, 9}, {64, 64}, {3, 3}}, .heads = 6, .kv_heads = 2});  // grouped, by heads
  list.push_back({.sequences = {{70, 200}}, .heads = 1, .kv_heads = 1, .d_head = 32});
  list.push_back({.sequences = {{200, 70}}, .heads = 1, .kv_heads = 1, .causal = false});
  list.push_back({.sequences = {{1, 300}, {2, 299}, {1, 64}}, .heads = 4, .kv_heads = 2, .d_head = 32});
  list.push_back({.sequences = {{0, 0}, {5, 5}, {0, 4}, {130, 130}}, .heads = 1, .kv_heads = 1});
  list.push_back({.sequences = {{128, 128}, {65, 65}}, .heads = 1, .kv_heads = 1, .d_head = 20, .dropout = 0.3f});
  list.push_back(
      {.sequences = {{12, 12}, {1, 30}, {7, 9}}, .heads = 4, .kv_heads = 4, .dropout = 0.5f, .accumulate = true});
  return list;
}

void describe(const Case& c, std::string& text) {
  for (const Lengths& lengths : c.sequences) {
    text += std::to_string(lengths.queries) + "x" + std::to_string(lengths.keys) + " ";
  }
  text += "H " + std::to_string(c.heads) + "/" + std::to_string(c.kv_heads) + " D " + std::to_string(c.d_head) +
          (c.causal ? " causal" : "") + (c.dropout > 0 ? " dropout" : "");
}

TEST_CASE("attention equals the naive one") {
  for_each_instruction_set([](const Kernels& kernels) {
    for (const Case& c : cases()) {
      std::string text;
      describe(c, text);
      CAPTURE(text);
      check_forward(kernels, c);
    }
  });
}

TEST_CASE("attention's gradients equal the naive ones") {
  for_each_instruction_set([](const Kernels& kernels) {
    for (const Case& c : cases()) {
      std::string text;
      describe(c, text);
      CAPTURE(text);
      check_backward(kernels, c);
    }
  });
}

TEST_CASE("attention: up to four queries behind others are attended as each of them is alone, to the last bit") {
  for_each_instruction_set([](const Kernels& kernels) {
    for (std::int64_t d : {1, 7, 32, 65}) {
      for (std::int32_t queries = 2; queries <= 4; ++queries) {
        for (std::int32_t keys : {queries + 1, 16, 65, 300, 600}) {
          Operands operands({.sequences = {{queries, keys}}, .heads = 4, .d_head = d});
          Attention p = operands.b.forward;
          run_forward(kernels, p);
          const std::vector<float> together = operands.out->copy();
          const float* const query = p.query;
          operands.query_starts = {0, 1};
          for (std::int32_t t = 0; t < queries; ++t) {
            CAPTURE(t);
            operands.key_lengths[0] = keys - queries + t + 1;
            p.query = query + t * p.ld_query;
            run_forward(kernels, p);
            CHECK(std::equal(p.out, p.out + p.heads * d, together.data() + t * p.ld_out));
          }
        }
      }
    }
  });
}

TEST_CASE("attention: queries that see no key give zeros and take no part in gradients") {
  for_each_instruction_set([](const Kernels& kernels) {
    for (std::int32_t keys : {1, 3, 20}) {
      Operands operands({.sequences = {{100, keys}}, .heads = 1, .kv_heads = 1});
      const Attention& p = operands.b.forward;
      run_forward(kernels, p);
      run_backward(kernels, operands.b);
      for (std::int64_t t = 0; t < 100 - keys; ++t) {
        CHECK(p.out[t * p.ld_out] == 0);
        CHECK(p.log_sum_exp[t] == -std::numeric_limits<float>::infinity());
        CHECK(operands.b.d_query[t * p.ld_query] == 0);
      }
      CHECK(std::isfinite(operands.b.d_key[p.key_starts[0] * p.ld_key]));
    }
  });
}

TEST_CASE("attention: large scores do not overflow, NaN is passed on") {
  for_each_instruction_set([](const Kernels& kernels) {
    for (std::int32_t queries : {1, 40}) {
      Operands operands({.sequences = {{queries, 40}}, .heads = 1, .kv_heads = 1, .d_head = 16});
      const Attention& p = operands.b.forward;
      operands.query->fill_random(1, 300);
      run_forward(kernels, p);
      for (std::int64_t t = 0; t < queries; ++t) CHECK(std::isfinite(p.out[t * p.ld_out]));
      (*operands.query)[(queries - 1) * p.ld_query] = std::numeric_limits<float>::quiet_NaN();
      run_forward(kernels, p);
      CHECK(std::isnan(p.out[(queries - 1) * p.ld_out + 3]));
      if (queries > 1) CHECK(std::isfinite(p.out[3]));
    }
  });
}

}  // namespace
}  // namespace attn::test
