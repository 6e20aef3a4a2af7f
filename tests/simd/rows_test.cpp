#include <doctest/doctest.h>

#include <array>

#include "naive.h"
#include "support.h"

namespace attn::test {
namespace {

using simd::CrossEntropy;
using simd::Kernels;
using simd::NormKind;
using simd::ResidualNorm;
using simd::ResidualNormBackward;

constexpr std::int64_t kRows = 5;

struct NormCase {
  NormKind kind;
  std::int64_t columns;
  bool delta, bias;
  float dropout;
};

/// Buffers of a residual norm, forward and backward.
struct NormOperands {
  Array x, delta, gain, bias, sum, out, mean, inverse, d_out, d_sum, d_x, d_delta, d_gain, d_bias;
  ResidualNorm p;

  explicit NormOperands(const NormCase& c, std::int64_t offset)
      : x(kRows * c.columns, offset),
        delta(x.size(), 3 - offset),
        gain(c.columns, offset),
        bias(c.columns),
        sum(x.size(), offset),
        out(x.size(), offset),
        mean(kRows),
        inverse(kRows),
        d_out(x.size(), offset),
        d_sum(x.size()),
        d_x(x.size(), offset),
        d_delta(x.size()),
        d_gain(c.columns, 1),
        d_bias(c.columns, 2) {
    std::uint64_t seed = 1;
    for (Array* array : {&x, &delta, &gain, &bias, &d_out, &d_sum, &d_x, &d_delta}) array->fill_random(seed++);
    p = {.kind = c.kind,
         .columns = c.columns,
         .dropout = c.dropout,
         .dropout_key = 0xABCDEF0123456789u,
         .x = x,
         .delta = c.delta ? delta.data() : nullptr,
         .gain = gain,
         .bias = c.bias ? bias.data() : nullptr,
         .sum = sum,
         .out = out,
         .mean = mean,
         .inverse_deviation = inverse};
  }
};

void check_norm(const Kernels& kernels, const NormCase& c) {
  CAPTURE(c.columns);
  CAPTURE(c.delta);
  CAPTURE(c.dropout);
  NormOperands o(c, c.columns % 4);
  kernels.residual_norm(o.p, 0, 2);
  kernels.residual_norm(o.p, 2, kRows);
  if (!c.delta) o.p.sum = o.x;
  ResidualNormBackward b{.forward = o.p,
                         .d_out = o.d_out,
                         .d_sum = o.d_sum,
                         .d_x = o.d_x,
                         .accumulate_x = true,
                         .d_delta = c.delta ? o.d_delta.data() : nullptr};
  const std::vector<float> d_x_before = o.d_x.copy();
  kernels.residual_norm_backward(b, 0, kRows, o.d_gain, c.bias ? o.d_bias.data() : nullptr);

  double worst = 0, worst_backward = 0;
  naive::Doubles d_gain(static_cast<std::size_t>(c.columns)), d_bias(d_gain.size());
  for (std::int64_t row = 0; row < kRows; ++row) {
    const naive::NormRow expected = naive::residual_norm(o.p, row);
    const naive::Doubles d = naive::norm_backward(o.p, expected, o.d_out + row * c.columns);
    // A row of one column is all mean: its deviation is sqrt(eps), and so every rounding is magnified by 1/that.
    const double magnitude = std::max(4.0, expected.inverse_deviation * 4);
    worst = std::max(worst, error_of(o.inverse[row], expected.inverse_deviation, magnitude));
    for (std::int64_t i = 0; i < c.columns; ++i) {
      const auto at = static_cast<std::size_t>(i);
      const std::int64_t element = row * c.columns + i;
      if (c.delta) worst = std::max(worst, error_of(o.sum[element], expected.sum[at], 4));
      worst = std::max(worst, error_of(o.out[element], expected.out[at], magnitude));
      const double total = d[at] + o.d_sum[element];
      worst_backward = std::max(
          worst_backward, error_of(o.d_x[element], total + d_x_before[static_cast<std::size_t>(element)], magnitude));
      if (c.delta) {
        const double factor = naive::dropout_factor(c.dropout, o.p.dropout_key, static_cast<std::uint64_t>(element));
        worst_backward = std::max(worst_backward, error_of(o.d_delta[element], total * factor, magnitude));
      }
      d_gain[at] += o.d_out[element] * expected.normal[at];
      d_bias[at] += o.d_out[element];
    }
  }
  for (std::int64_t i = 0; i < c.columns; ++i) {
    worst_backward = std::max(worst_backward, error_of(o.d_gain[i], d_gain[static_cast<std::size_t>(i)], 10));
    if (c.bias)
      worst_backward = std::max(worst_backward, error_of(o.d_bias[i], d_bias[static_cast<std::size_t>(i)], 10));
  }
  CHECK(worst < 40 * kFloatEpsilon);
  CHECK(worst_backward < 80 * kFloatEpsilon);
}

TEST_CASE("residual norm and its gradients, every tail and misalignment") {
  for_each_instruction_set([](const Kernels& kernels) {
    for (std::int64_t columns : awkward_sizes(kernels)) {
      if (columns > 1) check_norm(kernels, {NormKind::layer, columns, true, true, 0});
      if (columns > 1) check_norm(kernels, {NormKind::layer, columns, false, true, 0});
      check_norm(kernels, {NormKind::rms, columns, true, false, 0});
      check_norm(kernels, {NormKind::rms, columns, true, true, 0.4f});
    }
  });
}

TEST_CASE("residual norm: the gradient of x may overwrite that of the sum") {
  for_each_instruction_set([](const Kernels& kernels) {
    NormOperands o({NormKind::layer, 37, true, true, 0}, 1);
    kernels.residual_norm(o.p, 0, kRows);
    ResidualNormBackward b{.forward = o.p, .d_out = o.d_out, .d_sum = o.d_sum, .d_x = o.d_x};
    kernels.residual_norm_backward(b, 0, kRows, o.d_gain, o.d_bias);
    b.d_x = o.d_sum;
    kernels.residual_norm_backward(b, 0, kRows, o.d_gain, o.d_bias);
    CHECK(o.d_sum.copy() == o.d_x.copy());
  });
}

TEST_CASE("softmax of rows") {
  for_each_instruction_set([](const Kernels& kernels) {
    for (std::int64_t columns : awkward_sizes(kernels)) {
      for (double deviation : {1.0, 60.0}) {
        const std::int64_t ld = columns + 3;
        Array x(kRows * ld, columns % 4);
        x.fill_random(1, deviation);
        const std::vector<float> before = x.copy();
        kernels.softmax(x, ld, columns, 1, kRows);
        double worst = 0;
        bool others_untouched = true;
        for (std::int64_t row = 0; row < kRows; ++row) {
          const naive::Doubles expected = naive::softmax(before.data() + row * ld, columns);
          for (std::int64_t i = 0; i < ld; ++i) {
            if (row == 0 || i >= columns) {
              others_untouched &= x[row * ld + i] == before[static_cast<std::size_t>(row * ld + i)];
            } else {
              worst = std::max(worst, error_of(x[row * ld + i], expected[static_cast<std::size_t>(i)], 1));
            }
          }
        }
        CHECK(worst < 30 * kFloatEpsilon);
        CHECK(others_untouched);
      }
    }
  });
}

TEST_CASE("logarithm of the softmax of rows") {
  for_each_instruction_set([](const Kernels& kernels) {
    for (std::int64_t columns : awkward_sizes(kernels)) {
      const std::int64_t ld = columns + 3;
      Array x(kRows * ld, columns % 4);
      x.fill_random(1, 6);
      if (columns > 1) x[ld + 1] = -std::numeric_limits<float>::infinity();
      const std::vector<float> before = x.copy();
      kernels.log_softmax(x, ld, columns, 1, kRows);
      double worst = 0;
      bool others_untouched = true;
      for (std::int64_t row = 0; row < kRows; ++row) {
        const naive::Doubles expected = naive::softmax(before.data() + row * ld, columns);
        for (std::int64_t i = 0; i < ld; ++i) {
          const float found = x[row * ld + i];
          if (row == 0 || i >= columns) {
            others_untouched &= found == before[static_cast<std::size_t>(row * ld + i)];
          } else if (row == 1 && i == 1) {
            CHECK(found == -std::numeric_limits<float>::infinity());
          } else {
            worst = std::max(worst, error_of(found, std::log(expected[static_cast<std::size_t>(i)]), 16));
          }
        }
      }
      CHECK(worst < 20 * kFloatEpsilon);
      CHECK(others_untouched);
    }
  });
}

void check_cross_entropy(const Kernels& kernels, std::int64_t v, float smoothing, bool in_place, bool weighted) {
  CAPTURE(v);
  CAPTURE(smoothing);
  const std::int64_t ld = v + 1;
  Array logits(kRows * ld, v % 4), d_logits(kRows * ld, v % 4), loss(kRows);
  logits.fill_random(1, 4);
  const std::vector<float> z = logits.copy();
  Array weights(v);
  for (std::int64_t i = 0; i < v; ++i) weights[i] = 0.5f + 0.25f * static_cast<float>(i % 5);
  const std::array<std::int32_t, kRows> targets = {0, static_cast<std::int32_t>(v - 1), -1,
                                                   static_cast<std::int32_t>(v / 2), 0};
  const CrossEntropy p{.vocabulary = v,
                       .logits = logits,
                       .ld = ld,
                       .targets = targets.data(),
                       .label_smoothing = smoothing,
                       .scale = 0.25f,
                       .class_weights = weighted ? weights.data() : nullptr,
                       .loss = loss,
                       .d_logits = in_place ? logits.data() : d_logits.data()};
  kernels.cross_entropy(p, 0, kRows);
  double worst = 0;
  for (std::int64_t row = 0; row < kRows; ++row) {
    const naive::Doubles probabilities = naive::softmax(z.data() + row * ld, v);
    const std::int64_t target = targets[static_cast<std::size_t>(row)];
    const double epsilon = static_cast<double>(smoothing);
    const double weight = weighted && target >= 0 ? weights[target] : 1;
    double expected = 0;
    for (std::int64_t i = 0; i < v; ++i) {
      const double p_i = probabilities[static_cast<std::size_t>(i)];
      const double wanted = epsilon / static_cast<double>(v) + (i == target ? 1 - epsilon : 0);
      if (target >= 0) expected -= weight * wanted * std::log(p_i);
      const double gradient = target >= 0 ? 0.25 * weight * (p_i - wanted) : 0;
      worst = std::max(worst, error_of(p.d_logits[row * ld + i], gradient, 1));
    }
    worst = std::max(worst, error_of(loss[row], expected, 16));
  }
  CHECK(worst < 20 * kFloatEpsilon);
}

TEST_CASE("softmax cross-entropy, every tail and misalignment") {
  for_each_instruction_set([](const Kernels& kernels) {
    for (std::int64_t v : awkward_sizes(kernels)) {
      for (float smoothing : {0.0f, 0.1f}) {
        for (bool weighted : {false, true}) {
          check_cross_entropy(kernels, v, smoothing, false, weighted);
          check_cross_entropy(kernels, v, smoothing, true, weighted);
        }
      }
    }
  });
}

TEST_CASE("cross-entropy: without gradient, huge logits, NaN and infinity") {
  for_each_instruction_set([](const Kernels& kernels) {
    Array logits(3 * 20), loss(3);
    logits.fill_random(1);
    logits[0] = 3e38f;
    logits[1] = -3e38f;
    logits[25] = std::numeric_limits<float>::quiet_NaN();
    logits[45] = std::numeric_limits<float>::infinity();
    const std::array<std::int32_t, 3> targets = {0, 1, 2};
    const std::vector<float> before = logits.copy();
    kernels.cross_entropy({.vocabulary = 20, .logits = logits, .ld = 20, .targets = targets.data(), .loss = loss}, 0,
                          3);
    CHECK(loss[0] == 0);
    CHECK(!std::isfinite(loss[1]));
    CHECK(!std::isfinite(loss[2]));
    CHECK(std::equal(before.begin(), before.begin() + 25, logits.data()));
  });
}

TEST_CASE("embedding rows, gathered and scattered") {
  for_each_instruction_set([](const Kernels& kernels) {
    for (std::int64_t c : awkward_sizes(kernels)) {
      for (float rate : {0.0f, 0.3f}) {
        constexpr std::uint64_t kKey = 0x1122334455667788u;
        const std::int64_t offset = c % 4;
        Array table(4 * c, offset), positions(3 * c, offset), types(2 * c), out(kRows * c, offset),
            d_out(kRows * c, offset);
        Array d_table(4 * c, offset);
        table.fill_random(1);
        positions.fill_random(2);
        types.fill_random(3);
        d_out.fill_random(4);
        d_table.fill_random(5);
        const std::vector<float> before = d_table.copy();
        const std::array<std::int32_t, kRows> ids = {3, 0, 3, 1, 2}, places = {0, 1, 2, 0, 1}, kinds = {1, 0, 0, 1, 1};
        kernels.embedding({.columns = c,
                           .table = table,
                           .ids = ids.data(),
                           .scale = 2,
                           .positions = positions,
                           .position_ids = places.data(),
                           .types = types,
                           .type_ids = kinds.data(),
                           .dropout = rate,
                           .dropout_key = kKey,
                           .out = out},
                          0, kRows);
        const simd::EmbeddingBackward b{.rows = kRows,
                                        .columns = c,
                                        .ids = ids.data(),
                                        .d_out = d_out,
                                        .scale = 2,
                                        .dropout = rate,
                                        .dropout_key = kKey,
                                        .d_table = d_table};
        kernels.embedding_backward(b, 0, 2);
        kernels.embedding_backward(b, 3, 4);  // row 2 is left out
        naive::Doubles d_expected(before.begin(), before.end());
        double worst = 0;
        for (std::int64_t i = 0; i < kRows * c; ++i) {
          const auto row = static_cast<std::size_t>(i / c);
          const double factor = naive::dropout_factor(rate, kKey, static_cast<std::uint64_t>(i));
          const double sum =
              2.0 * table[ids[row] * c + i % c] + positions[places[row] * c + i % c] + types[kinds[row] * c + i % c];
          worst = std::max(worst, error_of(out[i], sum * factor, 8));
          if (ids[row] != 2) d_expected[static_cast<std::size_t>(ids[row] * c + i % c)] += 2 * factor * d_out[i];
        }
        for (std::int64_t i = 0; i < 4 * c; ++i) {
          worst = std::max(worst, error_of(d_table[i], d_expected[static_cast<std::size_t>(i)], 8));
        }
        CHECK(worst < 4 * kFloatEpsilon);
        kernels.embedding({.columns = c, .table = table, .ids = ids.data(), .out = out}, 1, 2);
        CHECK(std::equal(out.data() + c, out.data() + 2 * c, table.data()));
      }
    }
  });
}

}  // namespace
}  // namespace attn::test
