// The check is checked: it must accept a right backward pass and reject every kind of wrong one.
#include "autograd/gradient_check.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

namespace attn {
namespace {

enum class Fault {
  none,
  one_percent,
  lacks_term,
  overwrites,
  ignores_input,
  leaves_element,
  counts_threads,
  in_forward
};

/// y = a∘b + a, with a fault in its backward pass. A reference, so nothing of it is shared with src/.
struct FaultyBackward {
  Context* context;
  Tensor a, b, y;
  Fault fault;

  void operator()() const {
    const std::int64_t count = fault == Fault::leaves_element ? y.size() - 1 : y.size();
    const float* d_y = y.gradient->data;
    const GradientWrite d_a = context->tape->write(a);
    for (std::int64_t i = 0; i < count; ++i) {
      float value = d_y[i] * (fault == Fault::lacks_term ? b.data[i] : b.data[i] + 1);
      if (fault == Fault::one_percent) value *= 1.01f;
      if (fault == Fault::counts_threads) value += 1e-6f * static_cast<float>(context->pool.threads());
      d_a.data[i] = d_a.accumulate && fault != Fault::overwrites ? d_a.data[i] + value : value;
    }
    if (fault == Fault::ignores_input) return;
    const GradientWrite d_b = context->tape->write(b);
    for (std::int64_t i = 0; i < y.size(); ++i) {
      const float value = d_y[i] * a.data[i];
      d_b.data[i] = d_b.accumulate ? d_b.data[i] + value : value;
    }
  }
};

Tensor faulty_product(Context& context, Tensor a, Tensor b, Fault fault) {
  const Tensor y = context.make(a.shape);
  for (std::int64_t i = 0; i < y.size(); ++i) y.data[i] = a.data[i] * b.data[i] + a.data[i];
  if (fault == Fault::in_forward && context.tape) y.data[0] += 0.5f;
  if (context.tape) context.tape->record(FaultyBackward{&context, a, b, y, fault}, y);
  return y;
}

std::string errors_of(Fault fault, Shape shape) {
  const GradientCheck check{.kernels = simd::kernels_named("baseline")};
  return gradient_errors(check, {random_input("a", shape, 1), random_input("b", shape, 2)},
                         [fault](Context& context, const std::vector<Tensor>& inputs) {
                           return faulty_product(context, inputs[0], inputs[1], fault);
                         });
}

bool mentions(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

TEST_CASE("gradient check: accepts what is right and rejects what is wrong, small and large") {
  for (const Shape shape : {Shape::vector(2), Shape::matrix(5, 7), Shape::matrix(40, 50)}) {
    CAPTURE(to_string(shape));
    CHECK(errors_of(Fault::none, shape) == "");
    CHECK(mentions(errors_of(Fault::one_percent, shape), "gradient of a: off by"));
    CHECK(mentions(errors_of(Fault::one_percent, shape), "along a direction"));
    CHECK(mentions(errors_of(Fault::lacks_term, shape), "gradient of a: off by"));
    CHECK(mentions(errors_of(Fault::overwrites, shape), "gradient of a: element 0 held"));
    CHECK(mentions(errors_of(Fault::ignores_input, shape), "gradient of b: off by"));
    CHECK(mentions(errors_of(Fault::leaves_element, shape), "gradient of a: off by nan"));
    CHECK(mentions(errors_of(Fault::counts_threads, shape), "2 threads change the gradient of a"));
    CHECK(mentions(errors_of(Fault::in_forward, shape), "recording changes the loss"));
  }
}

TEST_CASE("gradient check: a tensor that is used twice gets both contributions") {
  const auto errors = [](Fault second) {
    const GradientCheck check{.kernels = simd::kernels_named("baseline")};
    const Shape shape = Shape::matrix(3, 4);
    return gradient_errors(check, {random_input("a", shape, 3), random_input("tied", shape, 4)},
                           [second](Context& context, const std::vector<Tensor>& inputs) {
                             const Tensor y = faulty_product(context, inputs[1], inputs[0], second);
                             return faulty_product(context, y, inputs[1], Fault::none);
                           });
  };
  CHECK(errors(Fault::none) == "");
  // The first of the two uses runs backwards last: if it overwrites, the other contribution is lost.
  CHECK(mentions(errors(Fault::overwrites), "gradient of tied: off by"));
}

TEST_CASE("every operation that records on the tape has a gradient test") {
  const std::filesystem::path folder = "src/autograd";
  REQUIRE_MESSAGE(std::filesystem::is_directory(folder), "the tests run from the top of the source tree");
  const std::vector<std::string>& tested = operations_with_gradient_test();
  int operations = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    const std::string name = entry.path().stem().string();
    if (entry.path().extension() != ".cpp" || name == "tape") continue;
    std::ostringstream source;
    source << std::ifstream(entry.path()).rdbuf();
    if (!mentions(source.str(), "tape->")) continue;
    ++operations;
    CHECK_MESSAGE(std::find(tested.begin(), tested.end(), name) != tested.end(), entry.path().string(),
                  " records on the tape, but no GRADIENT_TEST(", name, ", …) checks it");
  }
  CHECK(operations >= 8);
}

}  // namespace
}  // namespace attn
