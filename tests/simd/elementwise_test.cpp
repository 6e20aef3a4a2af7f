#include <doctest/doctest.h>

#include <array>

#include "naive.h"
#include "support.h"

namespace attn::test {
namespace {

using simd::Activation;
using simd::Kernels;

constexpr std::array kActivations = {Activation::none, Activation::relu, Activation::gelu, Activation::gelu_tanh,
                                     Activation::tanh};

// Values that matter at the edges, repeated with random ones in between.
void fill_with_edges(Array& x, std::uint64_t seed) {
  constexpr std::array kEdges = {0.0f, -0.0f, 1e-30f, -1e-6f, 5.0f, -5.0f, 12.0f, -12.0f, 90.0f, -90.0f, 1e4f, -1e4f};
  x.fill_random(seed, 3);
  for (std::int64_t i = 0; i < x.size(); i += 2) x[i] = kEdges[static_cast<std::size_t>(i / 2) % kEdges.size()];
}

TEST_CASE("activations and their slopes, every tail and misalignment") {
  for_each_instruction_set([](const Kernels& kernels) {
    for (Activation which : kActivations) {
      for (std::int64_t size : awkward_sizes(kernels)) {
        const std::int64_t offset = size % 4;
        Array x(size, offset), y(size, 3 - offset), slopes(size, offset), d_y(size, offset), d_x(size);
        fill_with_edges(x, static_cast<std::uint64_t>(size));
        d_y.fill_random(2);
        kernels.activation(which, x, y, slopes, 0, size);
        kernels.activation_backward(which, simd::keeps_slope(which) ? slopes : y, d_y, d_x, 0, size);
        double worst = 0, worst_slope = 0;
        for (std::int64_t i = 0; i < size; ++i) {
          // GELU's distribution is within 2e-7 absolutely, so the activation is within |x| times that.
          const double magnitude = 1 + std::abs(x[i]);
          worst = std::max(worst, error_of(y[i], naive::activate(which, x[i]), magnitude));
          worst_slope = std::max(worst_slope, error_of(d_x[i], d_y[i] * naive::activation_slope(which, x[i]),
                                                       magnitude * std::abs(d_y[i])));
        }
        CHECK(worst < 4e-7);
        CHECK(worst_slope < 1e-6);
      }
    }
  });
}

TEST_CASE("tanh keeps its digits around 0") {
  for_each_instruction_set([](const Kernels& kernels) {
    constexpr std::int64_t kSize = 4000;
    Array x(kSize), y(kSize);
    for (std::int64_t i = 0; i < kSize; ++i) x[i] = 0.001f * static_cast<float>(i - kSize / 2);
    kernels.activation(Activation::tanh, x, y, nullptr, 0, kSize);
    double worst = 0;
    for (std::int64_t i = 0; i < kSize; ++i) {
      const double expected = std::tanh(static_cast<double>(x[i]));
      worst = std::max(worst, error_of(y[i], expected, std::abs(expected) + 1e-30));
    }
    CHECK(worst < 3e-7);
  });
}

TEST_CASE("activations work on a range only, in place, and pass NaN on") {
  for_each_instruction_set([](const Kernels& kernels) {
    for (Activation which : kActivations) {
      Array x(40);
      x.fill(1);
      kernels.activation(which, x, x, nullptr, 3, 38);
      const float y = x[3];
      for (std::int64_t i = 0; i < 40; ++i) CHECK(x[i] == (i >= 3 && i < 38 ? y : 1));
      const float nan = std::numeric_limits<float>::quiet_NaN();
      x.fill(nan);
      Array out(40), slopes(40), d_y(40);
      kernels.activation(which, x, out, slopes, 0, 40);
      for (std::int64_t i = 0; i < 40; ++i) CHECK(std::isnan(out[i]));
      kernels.activation_backward(which, simd::keeps_slope(which) ? slopes : out, d_y.fill(nan), d_y, 0, 40);
      for (std::int64_t i = 0; i < 40; ++i) CHECK(std::isnan(d_y[i]));
    }
  });
}

TEST_CASE("SwiGLU and its gradients") {
  for_each_instruction_set([](const Kernels& kernels) {
    for (std::int64_t width : awkward_sizes(kernels)) {
      for (bool accumulate : {false, true}) {
        constexpr std::int64_t kRows = 3;
        const std::int64_t offset = width % 4;
        Array x(kRows * 2 * width, offset), y(kRows * width), d_y(kRows * width, offset),
            d_x(kRows * 2 * width, offset);
        x.fill_random(1, 3);
        d_y.fill_random(2);
        d_x.fill_random(3);
        const std::vector<float> before = d_x.copy();
        kernels.swiglu(x, y, width, 0, kRows);
        kernels.swiglu_backward(x, d_y, d_x, accumulate, width, 0, kRows);
        double worst = 0;
        for (std::int64_t row = 0; row < kRows; ++row) {
          for (std::int64_t i = 0; i < width; ++i) {
            const std::int64_t at_gate = row * 2 * width + i, at_up = at_gate + width;
            const double gate = x[at_gate], up = x[at_up], dy = d_y[row * width + i], s = naive::sigmoid(gate);
            const double magnitude = 1 + std::abs(gate * up) + std::abs(dy * up * gate) + std::abs(dy * gate);
            const auto old = [&](std::int64_t at) { return accumulate ? before[static_cast<std::size_t>(at)] : 0.0f; };
            worst = std::max(worst, error_of(y[row * width + i], gate * s * up, magnitude));
            worst = std::max(worst, error_of(d_x[at_up], old(at_up) + dy * gate * s, magnitude));
            worst =
                std::max(worst, error_of(d_x[at_gate], old(at_gate) + dy * up * (s + gate * s * (1 - s)), magnitude));
          }
        }
        CHECK(worst < 1e-6);
      }
    }
  });
}

TEST_CASE("column sums") {
  for_each_instruction_set([](const Kernels& kernels) {
    for (std::int64_t columns : awkward_sizes(kernels)) {
      for (std::int64_t rows : {0, 1, 3, 4, 50}) {
        const std::int64_t ld = columns + 2, begin = columns / 3;
        Array x(rows * ld, columns % 4), out(columns, 1);
        x.fill_random(1);
        for (bool accumulate : {false, true}) {
          out.fill(5);
          kernels.column_sums(x, ld, rows, out, accumulate, begin, columns);
          double worst = 0;
          for (std::int64_t c = 0; c < columns; ++c) {
            double expected = accumulate || c < begin ? 5 : 0;
            for (std::int64_t row = 0; row < rows && c >= begin; ++row) expected += x[row * ld + c];
            worst = std::max(worst, error_of(out[c], expected, 10));
          }
          CHECK(worst < 20 * kFloatEpsilon);
        }
      }
    }
  });
}

TEST_CASE("add and scale round once; dot is summed in double") {
  for_each_instruction_set([](const Kernels& kernels) {
    for (std::int64_t size : awkward_sizes(kernels)) {
      for (std::int64_t offset = 0; offset < 4; ++offset) {
        Array a(size, offset), b(size, 3 - offset), c(size, offset);
        a.fill_random(1);
        b.fill_random(2);
        kernels.add(a, b, c, 0, size);
        double expected = 0;
        bool exact = true;
        for (std::int64_t i = 0; i < size; ++i) {
          exact &= c[i] == a[i] + b[i];
          expected += static_cast<double>(a[i]) * b[i];
        }
        kernels.scale(c, 0.3f, 1, size);
        for (std::int64_t i = 0; i < size; ++i) exact &= c[i] == (i == 0 ? a[i] + b[i] : (a[i] + b[i]) * 0.3f);
        CHECK(exact);
        CHECK(kernels.dot(a, b, 0, size) == doctest::Approx(expected).epsilon(1e-13));
      }
    }
  });
}

TEST_CASE("rotary positions, and back") {
  for_each_instruction_set([](const Kernels& kernels) {
    for (std::int64_t half : awkward_sizes(kernels)) {
      constexpr std::int64_t kRows = 3, kHeads = 2;
      const std::int64_t d = 2 * half, ld = kHeads * d + 3;
      Array x(kRows * ld, half % 4), cosines(5 * half), sines(5 * half, 1);
      x.fill_random(1);
      for (std::int64_t i = 0; i < 5 * half; ++i) {
        cosines[i] = static_cast<float>(std::cos(0.1 * static_cast<double>(i)));
        sines[i] = static_cast<float>(std::sin(0.1 * static_cast<double>(i)));
      }
      const std::array<std::int32_t, kRows> positions = {4, 0, 2};
      const std::vector<float> before = x.copy();
      simd::Rotary p{.x = x,
                     .ld = ld,
                     .heads = kHeads,
                     .d_head = d,
                     .positions = positions.data(),
                     .cosines = cosines,
                     .sines = sines};
      kernels.rotary(p, 0, kRows);
      double worst = 0, worst_back = 0;
      for (std::int64_t row = 0; row < kRows; ++row) {
        for (std::int64_t i = 0; i < ld; ++i) {
          const std::int64_t within = i % d, angle = positions[static_cast<std::size_t>(row)] * half + within % half;
          const auto old = [&](std::int64_t column) { return before[static_cast<std::size_t>(row * ld + column)]; };
          double expected = old(i);
          if (i < kHeads * d && within < half) expected = old(i) * cosines[angle] - old(i + half) * sines[angle];
          if (i < kHeads * d && within >= half) expected = old(i) * cosines[angle] + old(i - half) * sines[angle];
          worst = std::max(worst, error_of(x[row * ld + i], expected, 3));
        }
      }
      p.inverse = true;
      kernels.rotary(p, 0, kRows);
      for (std::int64_t i = 0; i < x.size(); ++i) {
        worst_back = std::max(worst_back, error_of(x[i], before[static_cast<std::size_t>(i)], 3));
      }
      CHECK(worst < 4 * kFloatEpsilon);
      CHECK(worst_back < 8 * kFloatEpsilon);
    }
  });
}

TEST_CASE("AdamW, three steps") {
  for_each_instruction_set([](const Kernels& kernels) {
    for (std::int64_t size : awkward_sizes(kernels)) {
      const std::int64_t offset = size % 4;
      Array p(size, offset), g(size, offset), m(size, offset), v(size, offset);
      p.fill_random(1);
      m.fill(0);
      v.fill(0);
      std::vector<double> expected(p.data(), p.data() + size), first(expected.size()), second(expected.size());
      for (int step = 1; step <= 3; ++step) {
        g.fill_random(static_cast<std::uint64_t>(step) + 10, 0.1);
        const simd::AdamW update{.parameters = p,
                                 .gradients = g,
                                 .first_moment = m,
                                 .second_moment = v,
                                 .learning_rate = 0.01f,
                                 .weight_decay = 0.1f,
                                 .correction1 = static_cast<float>(1 - std::pow(0.9, step)),
                                 .correction2 = static_cast<float>(1 - std::pow(0.999, step)),
                                 .gradient_scale = 0.5f};
        kernels.adamw(update, 0, size);
        for (std::int64_t i = 0; i < size; ++i) {
          const auto at = static_cast<std::size_t>(i);
          const double gradient = 0.5 * g[i];
          first[at] = 0.9 * first[at] + 0.1 * gradient;
          second[at] = 0.999 * second[at] + 0.001 * gradient * gradient;
          expected[at] =
              expected[at] * (1 - 0.01 * 0.1) - 0.01 * (first[at] / (1 - std::pow(0.9, step))) /
                                                    (std::sqrt(second[at] / (1 - std::pow(0.999, step))) + 1e-8);
        }
      }
      double worst = 0;
      for (std::int64_t i = 0; i < size; ++i)
        worst = std::max(worst, error_of(p[i], expected[static_cast<std::size_t>(i)], 1));
      // 1 - 0.999f is off by 1e-5 relatively, the root of it by half of that, of a step of 0.01.
      CHECK(worst < 1e-6);
    }
  });
}

TEST_CASE("AdamW: moments that fade away become 0, not denormal") {
  for_each_instruction_set([](const Kernels& kernels) {
    Array p(5), g(5), m(5), v(5);
    p.fill(1);
    g.fill(0);
    m.fill(1.2e-38f);
    v.fill(1.2e-38f);
    kernels.adamw({.parameters = p, .gradients = g, .first_moment = m, .second_moment = v, .learning_rate = 0.01f}, 0,
                  5);
    for (std::int64_t i = 0; i < 5; ++i) {
      CHECK(m[i] == 0);
      CHECK(v[i] == 0);
      CHECK(p[i] == 1);
    }
    g.fill(std::numeric_limits<float>::quiet_NaN());
    kernels.adamw({.parameters = p, .gradients = g, .first_moment = m, .second_moment = v, .learning_rate = 0.01f}, 0,
                  5);
    for (std::int64_t i = 0; i < 5; ++i) CHECK(std::isnan(p[i]));
  });
}

}  // namespace
}  // namespace attn::test
