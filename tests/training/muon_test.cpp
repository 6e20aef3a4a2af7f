#include "training/muon.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <sstream>
#include <string>

#include "autograd/gradient_check.h"
#include "models/decoder.h"
#include "models/encoder_decoder.h"
#include "support/random_model.h"
#include "support/workbench.h"
#include "training/optimizer.h"

namespace attn {
namespace {

// A wide and a tall matrix, as in tests/reference/make_muon.py, and an embedding that Muon leaves alone.
struct Module {
  Tensor embedding{nullptr, nullptr, Shape::matrix(4, 3)};
  Tensor wide{nullptr, nullptr, Shape::matrix(3, 5)};
  Tensor tall{nullptr, nullptr, Shape::matrix(6, 4)};

  void visit(const std::string&, const ParameterVisitor& visitor) {
    visitor("embedding", embedding, ParameterRole::embedding);
    visitor("wide", wide, ParameterRole::matrix);
    visitor("tall", tall, ParameterRole::matrix);
  }
  void set(const std::vector<float>& numbers, float* wide_data, float* tall_data) const {
    REQUIRE(numbers.size() == 39);
    std::copy_n(numbers.begin(), 15, wide_data);
    std::copy_n(numbers.begin() + 15, 24, tall_data);
  }
};

std::vector<float> read_line(std::istream& file, const std::string& name) {
  std::string line, word;
  REQUIRE(std::getline(file, line));
  std::istringstream words(line);
  words >> word;
  REQUIRE(word == name);
  std::vector<float> numbers;
  for (float number = 0; words >> number;) numbers.push_back(number);
  return numbers;
}

std::vector<LayerMatrix> matrices_of(const Parameters& parameters) {
  const auto* wide = parameters.find("wide");
  const auto* tall = parameters.find("tall");
  return {{wide->offset, 3, 5}, {tall->offset, 6, 4}};
}

}  // namespace

TEST_CASE("muon: momentum, iterations, scale and decay equal torch.optim.Muon") {
  for_every_instruction_set([](const simd::Kernels& kernels) {
    std::ifstream file("tests/reference/muon.txt");
    REQUIRE(file.good());
    Module module;
    const auto parameters = random_parameters(module, 1, 1);
    parameters->enable_gradients();
    module.set(read_line(file, "start"), module.wide.data, module.tall.data);
    Optimizer optimizer(parameters->size(), {.weight_decay = 0.1, .clip = 0, .muon = matrices_of(*parameters)});
    Workbench bench(kernels, 2);
    const float embedded = module.embedding.data[0];
    for (int step = 0; step < 8; ++step) {
      CAPTURE(step);
      parameters->begin_gradients();
      std::fill_n(parameters->gradients(), parameters->size(), 0.0f);
      module.set(read_line(file, "gradient"), parameters->gradients() + parameters->find("wide")->offset,
                 parameters->gradients() + parameters->find("tall")->offset);
      for (Tensor* tensor : {&module.embedding, &module.wide, &module.tall}) tensor->gradient->written = true;
      optimizer.step(bench.context, *parameters, 0.02, 1);
      const std::vector<float> expected = read_line(file, "result");
      for (std::size_t i = 0; i < expected.size(); ++i) {
        CAPTURE(i);
        const float found = i < 15 ? module.wide.data[i] : module.tall.data[i - 15];
        CHECK(std::abs(found - expected[i]) < 2e-5);
      }
    }
    // AdamW without a gradient: only its decay.
    CHECK(module.embedding.data[0] == doctest::Approx(embedded * std::pow(1 - 0.02 * 0.1, 8)).epsilon(1e-5));
  });
}

TEST_CASE("muon: the rows of a packed projection are matrices of their own, embeddings and outputs are none") {
  ModelConfig config = tiny_config(Architecture::llama, 8);
  const DecoderModel llama(config);
  const std::vector<LayerMatrix> matrices = layer_matrices(config, llama.parameters().list());
  // q, k, v, output, gate, up, down of each layer
  REQUIRE(matrices.size() == 14);
  CHECK(matrices[0].rows == 16);
  CHECK(matrices[1].rows == 8);
  CHECK(matrices[1].offset == matrices[0].offset + 16 * 16);
  CHECK(matrices[4].rows == config.d_ff);
  CHECK(matrices[5].offset == matrices[4].offset + config.d_ff * 16);
  std::int64_t numbers = 0;
  for (const LayerMatrix& matrix : matrices) numbers += matrix.rows * matrix.columns;
  CHECK(numbers + 2 * 23 * 16 + 5 * 16 == llama.parameters().count());
}

}  // namespace attn
