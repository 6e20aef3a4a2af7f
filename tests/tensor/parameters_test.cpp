#include "tensor/parameters.h"

#include <doctest/doctest.h>

#include <cstdint>

#include "base/error.h"

namespace attn {
namespace {

/// A module with a parameter of every role.
struct Module {
  Tensor matrix{nullptr, nullptr, Shape::matrix(3, 5)};
  Tensor bias{nullptr, nullptr, Shape::vector(3)};
  Tensor output{nullptr, nullptr, Shape::matrix(5, 3)};
  Tensor positions{nullptr, nullptr, Shape::matrix(7, 5)};
  Tensor gain{nullptr, nullptr, Shape::vector(5)};
  Tensor embedding{nullptr, nullptr, Shape::matrix(11, 5)};

  void visit(const ParameterVisitor& visitor) {
    visitor("matrix", matrix, ParameterRole::matrix);
    visitor("bias", bias, ParameterRole::bias);
    visitor("output", output, ParameterRole::residual_output);
    visitor("positions", positions, ParameterRole::positions);
    visitor("gain", gain, ParameterRole::gain);
    visitor("embedding", embedding, ParameterRole::embedding);
  }
  Parameters parameters() {
    return Parameters([this](const ParameterVisitor& visitor) { visit(visitor); });
  }
};

TEST_CASE("parameters: decayed ones first, each at 64 bytes, none overlapping, all zero") {
  Module module;
  const Parameters parameters = module.parameters();
  REQUIRE(parameters.list().size() == 6);
  CHECK(parameters.count() == 15 + 3 + 15 + 35 + 5 + 55);
  std::int64_t end = 0;
  for (const NamedParameter& parameter : parameters.list()) {
    CAPTURE(parameter.name);
    CHECK(parameter.offset >= end);
    CHECK(reinterpret_cast<std::uintptr_t>(parameter.tensor.data) % 64 == 0);
    CHECK(parameter.tensor.data == parameters.values() + parameter.offset);
    CHECK((parameter.offset < parameters.decayed()) == is_decayed(parameter.role));
    end = parameter.offset + parameter.tensor.size();
  }
  CHECK(end <= parameters.size());
  for (std::int64_t i = 0; i < parameters.size(); ++i) REQUIRE(parameters.values()[i] == 0);
}

TEST_CASE("parameters: the module's tensors point at them, with and without gradients") {
  Module module;
  Parameters parameters = module.parameters();
  CHECK(module.gain.data == parameters.find("gain")->tensor.data);
  CHECK(module.gain.gradient == nullptr);
  CHECK(parameters.find("nothing") == nullptr);
  parameters.enable_gradients();
  REQUIRE(module.gain.gradient != nullptr);
  CHECK(module.gain.gradient == parameters.find("gain")->tensor.gradient);
  CHECK(module.gain.gradient->data == parameters.gradients() + parameters.find("gain")->offset);
}

TEST_CASE("parameters: gradients that no pass has written become 0, the others stay") {
  Module module;
  Parameters parameters = module.parameters();
  parameters.enable_gradients();
  for (std::int64_t i = 0; i < parameters.size(); ++i) parameters.gradients()[i] = 9;
  module.gain.gradient->written = true;
  parameters.finish_gradients();
  CHECK(module.gain.gradient->data[4] == 9);
  CHECK(module.embedding.gradient->data[0] == 0);
  CHECK(module.embedding.gradient->data[54] == 0);
  CHECK(module.embedding.gradient->written);
  parameters.begin_gradients();
  CHECK_FALSE(module.gain.gradient->written);
  CHECK_FALSE(module.embedding.gradient->written);
}

TEST_CASE("tensor: a shape that is not the expected one is named with its operation") {
  const Tensor tensor{nullptr, nullptr, Shape::matrix(2, 3)};
  CHECK_NOTHROW(expect_shape("add", "left", tensor, Shape::matrix(2, 3)));
  CHECK_THROWS_WITH_AS(expect_shape("add", "left", tensor, Shape::matrix(3, 2)),
                       "add: left has shape (2, 3), expected (3, 2)", Error);
  CHECK_THROWS_WITH_AS(expect_shape("add", "left", tensor, Shape::vector(6)),
                       "add: left has shape (2, 3), expected (6)", Error);
}

}  // namespace
}  // namespace attn
