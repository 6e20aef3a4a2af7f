#include "autograd/linear.h"

#include <cmath>

#include "autograd/gradient_check.h"
#include "base/error.h"
#include "support/workbench.h"

namespace attn {
namespace {

constexpr Activation kActivations[] = {Activation::none, Activation::relu, Activation::gelu, Activation::gelu_tanh,
                                       Activation::tanh};

Operation project(Activation activation, bool with_bias) {
  return [=](Context& context, const std::vector<Tensor>& in) {
    return linear(context, in[0], in[1], with_bias ? in[2] : Tensor{}, activation);
  };
}

/// x (n, in), weight (out, in), bias (out). The biases keep every pre-activation away from 0, where ReLU has no
/// derivative: |x·weight| < 2.5 < 3 - 0.5.
std::vector<GradientInput> projection(std::int64_t n, std::int64_t in, std::int64_t out, bool with_bias) {
  const float range = std::sqrt(2.4f / static_cast<float>(in));
  std::vector<GradientInput> inputs{random_input("x", Shape::matrix(n, in), 1, range),
                                    random_input("weight", Shape::matrix(out, in), 2, range)};
  if (!with_bias) return inputs;
  inputs.push_back(random_input("bias", Shape::vector(out), 3, 0.5f));
  for (std::size_t i = 0; i < inputs[2].values.size(); ++i) inputs[2].values[i] += i % 2 == 0 ? 3.0f : -3.0f;
  return inputs;
}

GRADIENT_TEST(linear, "every activation, with and without bias") {
  for_every_instruction_set([](const simd::Kernels& kernels) {
    for (const Activation activation : kActivations) {
      CAPTURE(static_cast<int>(activation));
      CHECK(gradient_errors({.kernels = &kernels}, projection(5, 7, 9, true), project(activation, true)) == "");
      if (activation == Activation::relu) continue;  // without biases some pre-activations are close to 0
      CHECK(gradient_errors({.kernels = &kernels}, projection(5, 7, 9, false), project(activation, false)) == "");
    }
  });
}

GRADIENT_TEST(linear, "single rows and columns, and more of them than a register holds") {
  constexpr std::int64_t kSizes[][3] = {{1, 1, 1}, {1, 17, 3}, {19, 1, 2}, {2, 3, 1}, {1, 33, 18}, {18, 5, 34}};
  for_every_instruction_set([&](const simd::Kernels& kernels) {
    for (const auto& [n, in, out] : kSizes) {
      const std::string shapes = concat("x (", n, ", ", in, "), weight (", out, ", ", in, ")");
      CAPTURE(shapes);
      const auto inputs = projection(n, in, out, true);
      CHECK(gradient_errors({.kernels = &kernels}, inputs, project(Activation::gelu, true)) == "");
    }
  });
}

GRADIENT_TEST(linear, "a weight that is used twice") {
  for_every_instruction_set([](const simd::Kernels& kernels) {
    const std::vector<GradientInput> inputs{random_input("x", Shape::matrix(3, 6), 1),
                                            random_input("tied", Shape::matrix(6, 6), 2)};
    CHECK(gradient_errors({.kernels = &kernels}, inputs, [](Context& context, const std::vector<Tensor>& in) {
            return linear(context, linear(context, in[0], in[1], {}), in[1], {});
          }) == "");
  });
}

GRADIENT_TEST(linear, "large products on several threads") {
  for_every_instruction_set([](const simd::Kernels& kernels) {
    for (const Activation activation : kActivations) {
      CHECK(large_input_errors({.kernels = &kernels}, projection(257, 130, 259, true), project(activation, true)) ==
            "");
    }
  });
}

TEST_CASE("linear: inputs that need no gradient get none, and the others the right one") {
  const auto inputs = projection(4, 5, 6, true);
  for_every_instruction_set([&](const simd::Kernels& kernels) {
    for (std::size_t constant = 0; constant < 3; ++constant) {
      CAPTURE(constant);
      std::vector<GradientInput> varied = inputs;
      varied.erase(varied.begin() + static_cast<std::ptrdiff_t>(constant));
      std::vector<float> held = inputs[constant].values;
      const auto operation = [&](Context& context, const std::vector<Tensor>& in) {
        std::vector<Tensor> all = in;
        all.insert(all.begin() + static_cast<std::ptrdiff_t>(constant), {held.data(), nullptr, inputs[constant].shape});
        return linear(context, all[0], all[1], all[2], Activation::gelu_tanh);
      };
      CHECK(gradient_errors({.kernels = &kernels}, varied, operation) == "");
    }
  });
}

TEST_CASE("linear: shapes that do not fit are named") {
  Workbench bench(*available_kernels().front());
  Context& context = bench.context;
  const Tensor x = context.make(Shape::matrix(2, 3)), weight = context.make(Shape::matrix(4, 5));
  CHECK_THROWS_WITH_AS(linear(context, x, weight, {}), "linear: weight has shape (4, 5), expected (4, 3)", Error);
  const Tensor right = context.make(Shape::matrix(4, 3)), bias = context.make(Shape::vector(3));
  CHECK_THROWS_WITH_AS(linear(context, x, right, bias), "linear: bias has shape (3), expected (4)", Error);
}

}  // namespace
}  // namespace attn
