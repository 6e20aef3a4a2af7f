// Products of operands rounded to bfloat16 against PyTorch (tests/reference/make_bf16.py).

#include <doctest/doctest.h>

#include <bit>
#include <cmath>
#include <limits>

#include "autograd/linear.h"
#include "autograd/products.h"
#include "support/reference_values.h"
#include "support/workbench.h"

namespace attn {
namespace {

using simd::Form;
using Values = std::vector<float>;

constexpr std::int64_t kM = 29, kK = 67, kN = 45;

const SafetensorsFile& expected() {
  static const SafetensorsFile file("tests/reference/bf16.safetensors");
  return file;
}

Values transposed(const Values& matrix, std::int64_t rows) {
  const auto columns = std::ssize(matrix) / rows;
  Values result(matrix.size());
  for (std::int64_t i = 0; i < std::ssize(matrix); ++i) {
    result[static_cast<std::size_t>(i % columns * rows + i / columns)] = matrix[static_cast<std::size_t>(i)];
  }
  return result;
}

// Whether bfloat16 numbers are multiplied as whole ones, which loses what is small beside the largest.
bool are_scaled(const simd::Kernels& kernels) {
  return kernels.plan_matmul({.m = kM, .n = kN, .k = kK, .bf16 = true}).pairs.scaled;
}

// How far products may be from PyTorch's; those in f32 are 0.06 from them.
float tolerance(const simd::Kernels& kernels) {
  return are_scaled(kernels) ? 6e-3f : 1e-5f;
}

// a·b in this form.
Values multiply(Context& context, Form form) {
  Values a = read_values(expected(), "a"), b = read_values(expected(), "b"), c(kM * kN);
  if (form == Form::TN) a = transposed(a, kM);
  if (form == Form::NT) b = transposed(b, kK);
  run_matmul(context, {.form = form,
                       .m = kM,
                       .n = kN,
                       .k = kK,
                       .a = a.data(),
                       .lda = form == Form::TN ? kM : kK,
                       .b = b.data(),
                       .ldb = form == Form::NT ? kK : kN,
                       .c = c.data(),
                       .ldc = kN});
  return c;
}

template <class Function>
void for_each_instruction_set(const Function& function) {
  for (const char* const* name = simd::kernel_names(); *name != nullptr; ++name) {
    if (const simd::Kernels* kernels = simd::kernels_named(*name)) {
      CAPTURE(kernels->name);
      function(*kernels);
    }
  }
}

}  // namespace

TEST_CASE("bf16: products in all forms are PyTorch's, on any number of threads") {
  const Values product = read_values(expected(), "product");
  for_each_instruction_set([&](const simd::Kernels& kernels) {
    for (const Form form : {Form::NN, Form::NT, Form::TN}) {
      CAPTURE(static_cast<int>(form));
      Workbench alone(kernels, 1), together(kernels, 3);
      CHECK(distance(multiply(alone.context, form).data(), product) > 5e-2f);  // in f32
      alone.context.bf16 = together.context.bf16 = true;
      const Values found = multiply(alone.context, form);
      CHECK(distance(found.data(), product) < tolerance(kernels));
      CHECK(multiply(together.context, form) == found);
    }
  });
}

TEST_CASE("bf16: numbers are rounded as PyTorch does, halves to the even one, infinities and NaN kept") {
  using Limits = std::numeric_limits<float>;
  Values values = read_values(expected(), "values"), rounded = read_values(expected(), "rounded");
  // What the file cannot hold.
  for (const float x : {Limits::infinity(), -Limits::infinity(), Limits::quiet_NaN(), -Limits::quiet_NaN()}) {
    values.push_back(x);
    rounded.push_back(x);
  }
  values.push_back(std::bit_cast<float>(0x7FFFFFFFu));
  rounded.push_back(Limits::quiet_NaN());
  values.push_back(Limits::max());
  rounded.push_back(Limits::infinity());
  const float one = 1;
  for_each_instruction_set([&](const simd::Kernels& kernels) {
    Workbench bench(kernels);
    bench.context.bf16 = true;
    Values found(values.size());
    run_matmul(bench.context, {.form = Form::NT,
                               .m = std::ssize(values),
                               .n = 1,
                               .k = 1,
                               .a = values.data(),
                               .lda = 1,
                               .b = &one,
                               .ldb = 1,
                               .c = found.data(),
                               .ldc = 1});
    for (std::size_t i = 0; i < values.size(); ++i) {
      CAPTURE(values[i]);
      CHECK((found[i] == rounded[i] ||
             (std::isnan(found[i]) && (are_scaled(kernels) ? !std::isfinite(rounded[i]) : std::isnan(rounded[i])))));
    }
  });
}

TEST_CASE("bf16: a linear layer multiplies so, forward and backward") {
  const Values b = transposed(read_values(expected(), "b"), kK);
  struct Layer {
    Tensor x{nullptr, nullptr, Shape::matrix(kM, kK)};
    Tensor weight{nullptr, nullptr, Shape::matrix(kN, kK)};
    void visit(const std::string&, const ParameterVisitor& visitor) {
      visitor("x", x, ParameterRole::matrix);
      visitor("weight", weight, ParameterRole::matrix);
    }
  } layer;
  Parameters parameters([&](const ParameterVisitor& visitor) { layer.visit("", visitor); });
  parameters.enable_gradients();
  const Values a = read_values(expected(), "a");
  std::copy(a.begin(), a.end(), layer.x.data);
  std::copy(b.begin(), b.end(), layer.weight.data);
  const auto gradients = [&](bool bf16) {
    Workbench bench(*simd::kernels());
    bench.begin(true);
    bench.context.bf16 = bf16;
    parameters.begin_gradients();
    const Tensor y = linear(bench.context, layer.x, layer.weight, {});
    CHECK((distance(y.data, read_values(expected(), "product")) < tolerance(bench.context.kernels)) == bf16);
    const GradientWrite write = bench.tape.write(y);
    for (std::int64_t i = 0; i < y.size(); ++i) write.data[i] = static_cast<float>(i % 7) - 3;  // exact in bfloat16
    bench.tape.backward();
    return Values(parameters.gradients(), parameters.gradients() + parameters.size());
  };
  const Values exact = gradients(false), coarse = gradients(true);
  double largest = 0;
  for (std::size_t i = 0; i < exact.size(); ++i) {
    largest = std::max(largest, std::fabs(static_cast<double>(exact[i] - coarse[i])));
  }
  CHECK(largest > 1e-3);
  CHECK(largest < 0.2);  // sums of some dozens of products that err by up to 2^-9 each
  for (const auto* parameter : {parameters.find("x"), parameters.find("weight")}) {
    const auto begin = static_cast<std::size_t>(parameter->offset),
               size = static_cast<std::size_t>(parameter->tensor.size());
    CHECK(!std::equal(exact.begin() + static_cast<std::ptrdiff_t>(begin),
                      exact.begin() + static_cast<std::ptrdiff_t>(begin + size),
                      coarse.begin() + static_cast<std::ptrdiff_t>(begin)));
  }
}

}  // namespace attn
