#pragma once
// The one check of every backward pass: gradients against central differences, accumulation, and the same bits for
// any number of threads. Nothing here knows an operation.

#include <doctest/doctest.h>

#include <cstdint>
#include <functional>
#include <initializer_list>
#include <string>
#include <vector>

#include "autograd/context.h"

namespace attn {

/// One input of the operation under test; every element of every input is varied.
struct GradientInput {
  std::string name;
  Shape shape;
  std::vector<float> values;  // (shape)
};

/// What an operation computed: tensors, or, where it ends in a loss and writes its gradients itself, that loss.
struct OperationResult {
  std::vector<Tensor> results;
  double loss = 0;

  OperationResult(Tensor result) : results{result} {}
  OperationResult(std::initializer_list<Tensor> several) : results(several) {}
  OperationResult(double ends_in_loss) : loss(ends_in_loss) {}
};

/// The operation on the inputs, in the order in which they were given.
using Operation = std::function<OperationResult(Context&, const std::vector<Tensor>&)>;

struct GradientCheck {
  const simd::Kernels* kernels = nullptr;
  bool training = false;  // dropout is active, with the same mask in every pass
  /// An element is moved by this much to either side.
  double step = 1e-2;
  /// Largest relative error of one input's gradient (2-norm), and of the derivative along a direction.
  double tolerance = 3e-3;
  double direction_tolerance = 1e-3;
};

/// Checks the backward pass of the loss Σ w·result + loss with fixed random weights w:
/// every input's gradient, and the derivative along a random direction of all inputs together, against central
/// differences (moved in float, summed in double); that every element of a gradient is overwritten at first and added
/// to from then on; that recording does not change the results; that 1, 2 and 3 threads give the same bits.
/// Returns what is wrong, a sentence a line, or nothing.
std::string gradient_errors(const GradientCheck& check, const std::vector<GradientInput>& inputs,
                            const Operation& operation);

/// All of these checks but the one that moves every element by itself, for inputs large enough for several threads.
std::string large_input_errors(const GradientCheck& check, const std::vector<GradientInput>& inputs,
                               const Operation& operation);

/// Uniform values in [-range, range), different for every seed.
std::vector<float> random_values(std::int64_t count, std::uint64_t seed, float range = 1);
GradientInput random_input(const std::string& name, Shape shape, std::uint64_t seed, float range = 1);

/// All instruction sets that this machine can run.
std::vector<const simd::Kernels*> available_kernels();

/// Runs `check` with the kernels of every instruction set, and names the set where an assertion fails.
template <class Check>
void for_every_instruction_set(const Check& check) {
  for (const simd::Kernels* kernels : available_kernels()) {
    CAPTURE(std::string(kernels->name));
    check(*kernels);
  }
}

/// The operations that have a gradient test: the names of their files in src/autograd.
std::vector<std::string>& operations_with_gradient_test();
struct GradientTestEntry {
  explicit GradientTestEntry(const char* operation) { operations_with_gradient_test().emplace_back(operation); }
};

}  // namespace attn

/// A test case that checks the gradients of src/autograd/<operation>.cpp.
#define GRADIENT_TEST(operation, description)                                               \
  static const attn::GradientTestEntry DOCTEST_ANONYMOUS(gradient_test_entry_){#operation}; \
  TEST_CASE("gradient of " #operation ": " description)
