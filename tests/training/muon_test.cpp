#include "training/muon.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <fstream>
#include <numeric>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "autograd/gradient_check.h"
#include "base/random.h"
#include "models/decoder.h"
#include "models/encoder_decoder.h"
#include "support/random_model.h"
#include "support/workbench.h"
#include "training/optimizer.h"

namespace attn {
namespace {

// The matrices of tests/reference/make_muon.py, two of them more than twice as long as wide, and an embedding that Muon
// leaves alone.
struct Module {
  Tensor embedding{nullptr, nullptr, Shape::matrix(4, 3)};
  std::array<Tensor, 4> matrices;

  Module() {
    constexpr std::int64_t kShapes[4][2] = {{3, 5}, {6, 4}, {2, 6}, {9, 3}};
    for (std::size_t i = 0; i < 4; ++i) matrices[i].shape = Shape::matrix(kShapes[i][0], kShapes[i][1]);
  }
  void visit(const std::string&, const ParameterVisitor& visitor) {
    visitor("embedding", embedding, ParameterRole::embedding);
    for (std::size_t i = 0; i < 4; ++i) visitor(kNames[i], matrices[i], ParameterRole::matrix);
  }
  static constexpr const char* kNames[] = {"wide", "tall", "long", "high"};
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

}  // namespace

TEST_CASE("muon: momentum, iterations, scale and decay equal torch.optim.Muon") {
  for_every_instruction_set([](const simd::Kernels& kernels) {
    std::ifstream file("tests/reference/muon.txt");
    REQUIRE(file.good());
    Module module;
    const auto parameters = random_parameters(module, 1, 1);
    parameters->enable_gradients();
    std::vector<LayerMatrix> matrices;
    for (const char* name : Module::kNames) {
      const NamedParameter& matrix = *parameters->find(name);
      matrices.push_back({matrix.offset, matrix.tensor.rows(), matrix.tensor.columns()});
    }
    // The numbers of a line, matrix by matrix, and where they belong in the parameters or their gradients.
    const auto put = [&](const std::vector<float>& numbers, float* flat) {
      auto from = numbers.begin();
      for (const LayerMatrix& matrix : matrices) {
        REQUIRE(numbers.end() - from >= matrix.rows * matrix.columns);
        std::copy_n(from, matrix.rows * matrix.columns, flat + matrix.offset);
        from += matrix.rows * matrix.columns;
      }
      REQUIRE(from == numbers.end());
    };
    put(read_line(file, "start"), parameters->values());
    Optimizer optimizer(parameters->size(), {.weight_decay = 0.1, .clip = 0, .muon = matrices});
    Workbench bench(kernels, 2);
    const float embedded = module.embedding.data[0];
    std::vector<float> expected(static_cast<std::size_t>(parameters->size()));
    for (int step = 0; step < 8; ++step) {
      CAPTURE(step);
      parameters->begin_gradients();
      std::fill_n(parameters->gradients(), parameters->size(), 0.0f);
      put(read_line(file, "gradient"), parameters->gradients());
      module.embedding.gradient->written = true;
      for (Tensor& matrix : module.matrices) matrix.gradient->written = true;
      optimizer.step(bench.context, *parameters, 0.02, 1);
      put(read_line(file, "result"), expected.data());
      for (const LayerMatrix& matrix : matrices) {
        for (std::int64_t i = matrix.offset; i < matrix.offset + matrix.rows * matrix.columns; ++i) {
          CAPTURE(i);
          CHECK(std::abs(parameters->values()[i] - expected[static_cast<std::size_t>(i)]) < 2e-5);
        }
      }
    }
    // AdamW without a gradient: only its decay.
    CHECK(module.embedding.data[0] == doctest::Approx(embedded * std::pow(1 - 0.02 * 0.1, 8)).epsilon(1e-5));
  });
}

TEST_CASE("muon: a matrix of rank one stays one, whatever its shape: rounding errors do not grow") {
  for_every_instruction_set([](const simd::Kernels& kernels) {
    for (const auto& shape : {std::pair{48, 48}, {48, 64}, {32, 128}, {128, 32}}) {
      const int rows = shape.first, columns = shape.second;
      CAPTURE(rows);
      CAPTURE(columns);
      const RandomStream random(3, RandomPurpose::data);
      std::vector<double> left(static_cast<std::size_t>(rows)), right(static_cast<std::size_t>(columns));
      for (std::size_t i = 0; i < left.size(); ++i) left[i] = random.normal(i);
      for (std::size_t j = 0; j < right.size(); ++j) right[j] = random.normal(1000 + j);
      const auto length = [](const std::vector<double>& x) {
        return std::sqrt(std::inner_product(x.begin(), x.end(), x.begin(), 0.0));
      };
      std::vector<float> x;
      for (const double a : left) {
        for (const double b : right) x.push_back(static_cast<float>(a * b));
      }
      std::vector<float> room(static_cast<std::size_t>(muon_room(kernels, rows, columns)));
      orthogonalise(kernels, x.data(), rows, columns, room.data());
      // The one singular value, by the polynomials of five iterations from 1.
      double value = 1;
      for (int i = 0; i < 5; ++i) value = 3.4445 * value - 4.7750 * std::pow(value, 3) + 2.0315 * std::pow(value, 5);
      double worst = 0;
      for (std::size_t i = 0; i < x.size(); ++i) {
        const double unit = left[i / right.size()] * right[i % right.size()] / (length(left) * length(right));
        worst = std::max(worst, std::abs(x[i] - value * unit));
      }
      CHECK(worst < 1e-4);
    }
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
