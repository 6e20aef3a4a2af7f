#include "training/optimizer.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <sstream>
#include <string>

#include "autograd/gradient_check.h"
#include "support/workbench.h"
#include "tiny_task.h"
#include "training/trainer.h"

namespace attn {
namespace {

/// A matrix and a bias, as in tests/reference/make_adamw.py.
struct Module {
  Tensor matrix{nullptr, nullptr, Shape::matrix(3, 5)};
  Tensor bias{nullptr, nullptr, Shape::vector(3)};

  void visit(const std::string&, const ParameterVisitor& visitor) {
    visitor("matrix", matrix, ParameterRole::matrix);
    visitor("bias", bias, ParameterRole::bias);
  }
  void set(const std::vector<double>& numbers, float* matrix_data, float* bias_data) const {
    REQUIRE(numbers.size() == 18);
    for (std::size_t i = 0; i < 15; ++i) matrix_data[i] = static_cast<float>(numbers[i]);
    for (std::size_t i = 0; i < 3; ++i) bias_data[i] = static_cast<float>(numbers[15 + i]);
  }
  double element(std::size_t i) const { return i < 15 ? matrix.data[i] : bias.data[i - 15]; }
};

/// The numbers of the next line, which must begin with `name`.
std::vector<double> read_line(std::istream& file, const std::string& name) {
  std::string line, word;
  REQUIRE(std::getline(file, line));
  std::istringstream words(line);
  words >> word;
  REQUIRE(word == name);
  std::vector<double> numbers;
  for (double number = 0; words >> number;) numbers.push_back(number);
  return numbers;
}

TEST_CASE("optimizer: AdamW with decay, clipping and changing rates equals torch.optim.AdamW") {
  for_every_instruction_set([](const simd::Kernels& kernels) {
    std::ifstream file("tests/reference/adamw.txt");
    REQUIRE(file.good());
    Module module;
    const auto parameters = random_parameters(module, 1, 1);
    parameters->enable_gradients();
    module.set(read_line(file, "start"), module.matrix.data, module.bias.data);
    Optimizer optimizer(parameters->size(), {.beta1 = 0.8, .beta2 = 0.95, .eps = 1e-8, .weight_decay = 0.1, .clip = 2});
    Workbench bench(kernels);
    for (int step = 0; step < 12; ++step) {
      CAPTURE(step);
      const double rate = read_line(file, "rate").at(0);
      module.set(read_line(file, "gradient"), module.matrix.gradient->data, module.bias.gradient->data);
      module.matrix.gradient->written = module.bias.gradient->written = true;
      const double norm = optimizer.gradient_norm(bench.context, *parameters);
      CHECK(norm == doctest::Approx(read_line(file, "norm").at(0)).epsilon(1e-6));
      optimizer.step(bench.context, *parameters, rate, norm);
      const std::vector<double> expected = read_line(file, "result");
      for (std::size_t i = 0; i < expected.size(); ++i) CHECK(std::abs(module.element(i) - expected[i]) < 1e-6);
    }
  });
}

TEST_CASE("optimizer: gradients are scaled down to the clipping norm, never up") {
  for (const double clip : {0.5, 5.0, 0.0}) {
    CAPTURE(clip);
    Module module;
    const auto parameters = random_parameters(module, 1, 1);
    parameters->enable_gradients();
    std::fill_n(module.matrix.gradient->data, 15, 0.0f);
    module.matrix.gradient->data[3] = 0.6f;
    module.matrix.gradient->data[9] = -0.8f;
    module.matrix.gradient->written = true;  // the bias has no gradient and counts as 0
    std::fill_n(module.bias.gradient->data, 3, 1e30f);
    Optimizer optimizer(parameters->size(), {.beta1 = 0, .weight_decay = 0, .clip = clip});
    Workbench bench(*available_kernels().front());
    const double norm = optimizer.gradient_norm(bench.context, *parameters);
    CHECK(norm == doctest::Approx(1));
    optimizer.step(bench.context, *parameters, 0.1, norm);
    // With beta1 = 0 the first moment is the gradient after clipping.
    const double scale = clip == 0.5 ? 0.5 : 1.0;
    const std::int64_t offset = parameters->find("matrix")->offset;
    CHECK(optimizer.first_moment()[static_cast<std::size_t>(offset + 3)] == doctest::Approx(0.6 * scale));
    CHECK(optimizer.first_moment()[static_cast<std::size_t>(offset + 9)] == doctest::Approx(-0.8 * scale));
  }
}

/// The gradients and the loss of one update on the same twelve sequences in `micro_batches` parts.
std::pair<std::vector<float>, double> gradients_of_update(Architecture architecture, std::int64_t micro_batches) {
  TinyTask task(tiny_config(architecture, 20), {20, 3, 11, 1, 7}, micro_batches, 12 / micro_batches);
  TrainerOptions options;
  options.schedule.steps = 1;
  options.accumulate = micro_batches;
  ThreadPool pool(1);
  Trainer trainer(task, options, pool, *simd::kernels());
  struct : TrainingObserver {
    void on_step(const StepReport& report) override { loss = report.loss; }
    double loss = 0;
  } observer;
  trainer.run(observer);
  const float* gradients = task.parameters().gradients();
  return {{gradients, gradients + task.parameters().size()}, observer.loss};
}

TEST_CASE("trainer: accumulating micro-batches of unequal numbers of targets equals one large batch") {
  for (const Architecture architecture : {Architecture::gpt2, Architecture::llama}) {
    const auto [whole, whole_loss] = gradients_of_update(architecture, 1);
    double largest = 0;
    for (const float gradient : whole) largest = std::max(largest, static_cast<double>(std::abs(gradient)));
    REQUIRE(largest > 1e-3);
    for (const std::int64_t micro_batches : {2, 3, 12}) {
      CAPTURE(micro_batches);
      const auto [parts, loss] = gradients_of_update(architecture, micro_batches);
      CHECK(loss == doctest::Approx(whole_loss).epsilon(1e-6));
      double difference = 0;
      for (std::size_t i = 0; i < whole.size(); ++i) {
        difference = std::max(difference, static_cast<double>(std::abs(parts[i] - whole[i])));
      }
      CHECK(difference < 1e-5 * largest);
    }
  }
}

}  // namespace
}  // namespace attn
