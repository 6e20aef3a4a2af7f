#include "autograd/output_loss.h"

#include <cmath>

#include "autograd/embedding.h"
#include "autograd/gradient_check.h"
#include "autograd/linear.h"
#include "base/error.h"
#include "support/workbench.h"

namespace attn {
namespace {

/// Random targets below `vocabulary`, every fifth one ignored if asked for.
std::vector<std::int32_t> random_targets(std::int64_t n, std::int64_t vocabulary, bool with_ignored) {
  const RandomStream random(9, RandomPurpose::data);
  std::vector<std::int32_t> targets;
  for (std::uint64_t i = 0; i < static_cast<std::uint64_t>(n); ++i) {
    const auto drawn = static_cast<std::int32_t>(random.below(i, static_cast<std::uint64_t>(vocabulary)));
    targets.push_back(with_ignored && i % 5 == 2 ? -100 : drawn);
  }
  return targets;
}

std::vector<GradientInput> head(std::int64_t n, std::int64_t columns, std::int64_t vocabulary, bool with_bias) {
  std::vector<GradientInput> inputs{random_input("hidden", Shape::matrix(n, columns), 1),
                                    random_input("weight", Shape::matrix(vocabulary, columns), 2)};
  if (with_bias) inputs.push_back(random_input("bias", Shape::vector(vocabulary), 3));
  return inputs;
}

Operation loss_of(const std::vector<std::int32_t>& targets, LossOptions options) {
  return [&targets, options](Context& context, const std::vector<Tensor>& in) {
    const Tensor bias = in.size() > 2 ? in[2] : Tensor{};
    return options.gradient_scale * output_loss(context, in[0], in[1], bias, targets.data(), options);
  };
}

GRADIENT_TEST(output_loss, "label smoothing, ignored targets, scale, with and without bias") {
  for_every_instruction_set([](const simd::Kernels& kernels) {
    for (const bool with_bias : {false, true}) {
      for (const float smoothing : {0.0f, 0.1f, 1.0f}) {
        for (const bool with_ignored : {false, true}) {
          CAPTURE(with_bias);
          CAPTURE(smoothing);
          CAPTURE(with_ignored);
          const auto targets = random_targets(7, 21, with_ignored);
          CHECK(gradient_errors({.kernels = &kernels}, head(7, 6, 21, with_bias),
                                loss_of(targets, {.label_smoothing = smoothing, .gradient_scale = 0.25f})) == "");
        }
      }
    }
  });
}

GRADIENT_TEST(output_loss, "vocabularies around a register") {
  for_every_instruction_set([](const simd::Kernels& kernels) {
    for (const std::int64_t vocabulary : {1, 2, 7, 8, 9, 15, 16, 17, 31, 33, 65}) {
      CAPTURE(vocabulary);
      const auto targets = random_targets(3, vocabulary, false);
      CHECK(gradient_errors({.kernels = &kernels}, head(3, 4, vocabulary, true),
                            loss_of(targets, {.label_smoothing = 0.05f})) == "");
    }
  });
}

GRADIENT_TEST(output_loss, "several blocks of rows on several threads") {
  for_every_instruction_set([](const simd::Kernels& kernels) {
    const auto targets = random_targets(150, 5003, true);
    CHECK(large_input_errors({.kernels = &kernels}, head(150, 24, 5003, true),
                             loss_of(targets, {.label_smoothing = 0.1f})) == "");
  });
}

GRADIENT_TEST(output_loss, "tied: the projection is the embedding") {
  const std::vector<std::int32_t> ids{4, 0, 4, 9, 2}, targets{0, 4, -1, 2, 9};
  for_every_instruction_set([&](const simd::Kernels& kernels) {
    CHECK(gradient_errors({.kernels = &kernels}, {random_input("tied", Shape::matrix(10, 6), 1)},
                          [&](Context& context, const std::vector<Tensor>& in) {
                            const Tensor hidden = embedding(context, 5, {in[0], ids.data()}, 1, {}, {}, 0);
                            return output_loss(context, hidden, in[0], {}, targets.data(), {});
                          }) == "");
  });
}

GRADIENT_TEST(output_loss, "a weight for each class") {
  const std::vector<float> weights{0.5f, 3, 0, 1.25f, 2, 0.1f, 1, 7, 0.3f};
  for_every_instruction_set([&](const simd::Kernels& kernels) {
    for (const float smoothing : {0.0f, 0.1f}) {
      const auto targets = random_targets(11, 9, true);
      const LossOptions options{.label_smoothing = smoothing, .gradient_scale = 0.5f, .class_weights = weights.data()};
      CHECK(gradient_errors({.kernels = &kernels}, head(11, 6, 9, true), loss_of(targets, options)) == "");
    }
  });
}

// In-batch negatives: the other half of the batch is the output projection.
GRADIENT_TEST(output_loss, "the weight is an activation, and so is the hidden state, both ways") {
  const std::vector<std::int32_t> targets{0, 1, 2, 3, 4};
  for_every_instruction_set([&](const simd::Kernels& kernels) {
    const std::vector<GradientInput> inputs{random_input("a", Shape::matrix(5, 3), 1),
                                            random_input("b", Shape::matrix(5, 3), 2),
                                            random_input("shared", Shape::matrix(7, 3), 3)};
    CHECK(gradient_errors({.kernels = &kernels}, inputs, [&](Context& context, const std::vector<Tensor>& in) {
            const Tensor a = linear(context, in[0], in[2], {}, Activation::gelu);
            const Tensor b = linear(context, in[1], in[2], {}, Activation::gelu);
            return output_loss(context, a, b, {}, targets.data(), {}) +
                   output_loss(context, b, a, {}, targets.data(), {});
          }) == "");
  });
}

/// Hidden states, weights and gradients that a test can look at.
struct Head {
  Head(std::int64_t n, std::int64_t columns, std::int64_t vocabulary)
      : inputs(head(n, columns, vocabulary, false)), d_hidden(inputs[0].values.size()) {
    slot.data = d_hidden.data();
    hidden = {inputs[0].values.data(), &slot, inputs[0].shape};
    weight = {inputs[1].values.data(), nullptr, inputs[1].shape};
  }
  std::vector<GradientInput> inputs;
  std::vector<float> d_hidden;  // (n, columns)
  Gradient slot;
  Tensor hidden, weight;
};

TEST_CASE("output loss: blocks of rows give each row the loss and gradient that it has alone") {
  constexpr std::int64_t kRows = 150, kColumns = 8, kVocabulary = 5003;
  const auto targets = random_targets(kRows, kVocabulary, true);
  for_every_instruction_set([&](const simd::Kernels& kernels) {
    Workbench bench(kernels, 2);
    Context& context = bench.context;
    bench.begin(true);
    Head all(kRows, kColumns, kVocabulary);
    const double together = output_loss(context, all.hidden, all.weight, {}, targets.data(), {});
    double apart = 0;
    for (std::int64_t row = 0; row < kRows; ++row) {
      float d_row[kColumns];
      Gradient slot{.data = d_row, .written = false, .pooled = false};
      const Tensor one{all.hidden.data + row * kColumns, &slot, Shape::matrix(1, kColumns)};
      apart += output_loss(context, one, all.weight, {}, targets.data() + row, {});
      for (std::int64_t i = 0; i < kColumns; ++i) {
        const float found = all.d_hidden[static_cast<std::size_t>(row * kColumns + i)];
        REQUIRE(std::abs(found - d_row[i]) < 1e-5);
      }
      bench.begin(true);
    }
    CHECK(together == doctest::Approx(apart).epsilon(1e-6));
  });
}

TEST_CASE("output loss: values known in closed form") {
  for_every_instruction_set([&](const simd::Kernels& kernels) {
    Workbench bench(kernels);
    Context& context = bench.context;
    // One row with logits ln 1, ln 2, ln 5: probabilities 1/8, 1/4, 5/8.
    std::vector<float> hidden{1}, weight{0, std::log(2.0f), std::log(5.0f)};
    const Tensor x{hidden.data(), nullptr, Shape::matrix(1, 1)}, w{weight.data(), nullptr, Shape::matrix(3, 1)};
    const auto loss = [&](std::int32_t target, float smoothing) {
      return output_loss(context, x, w, {}, &target, {.label_smoothing = smoothing});
    };
    CHECK(loss(0, 0) == doctest::Approx(std::log(8)).epsilon(1e-6));
    CHECK(loss(2, 0) == doctest::Approx(std::log(1.6)).epsilon(1e-6));
    const double mean = (std::log(8) + std::log(4) + std::log(1.6)) / 3;
    CHECK(loss(1, 0.1f) == doctest::Approx(0.9 * std::log(4) + 0.1 * mean).epsilon(1e-6));
    CHECK(loss(-1, 0.1f) == 0);
    const std::vector<float> weights{4, 0.5f, 1};
    for (const std::int32_t target : {0, 1, 2}) {
      const double weighted = output_loss(context, x, w, {}, &target, {.class_weights = weights.data()});
      CHECK(weighted ==
            doctest::Approx(static_cast<double>(weights[static_cast<std::size_t>(target)]) * loss(target, 0)));
    }
  });
}

TEST_CASE("output loss: a batch without targets has no loss and gradients of 0") {
  for_every_instruction_set([&](const simd::Kernels& kernels) {
    Workbench bench(kernels);
    Context& context = bench.context;
    bench.begin(true);
    Head batch(3, 4, 5);
    std::fill(batch.d_hidden.begin(), batch.d_hidden.end(), 7.0f);
    const std::vector<std::int32_t> targets{-1, -1, -1};
    CHECK(output_loss(context, batch.hidden, batch.weight, {}, targets.data(), {.label_smoothing = 0.1f}) == 0);
    for (const float d : batch.d_hidden) CHECK(d == 0);
  });
}

TEST_CASE("output loss: shapes and targets that do not fit are named") {
  Workbench bench(*available_kernels().front());
  Context& context = bench.context;
  const Tensor hidden = context.make(Shape::matrix(1, 3)), weight = context.make(Shape::matrix(4, 3));
  const std::int32_t high = 4, right = 3;
  CHECK_THROWS_WITH_AS(output_loss(context, hidden, weight, {}, &high, {}),
                       "output_loss: target 4 is outside the vocabulary of 4", Error);
  CHECK_THROWS_WITH_AS(output_loss(context, hidden, context.make(Shape::matrix(4, 2)), {}, &right, {}),
                       "output_loss: weight has shape (4, 2), expected (4, 3)", Error);
  CHECK_THROWS_WITH_AS(output_loss(context, hidden, weight, context.make(Shape::vector(3)), &right, {}),
                       "output_loss: bias has shape (3), expected (4)", Error);
}

}  // namespace
}  // namespace attn
