#include "training/health.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>

#include "tiny_task.h"

namespace attn {
namespace {

ModelConfig config_of(Activation activation) {
  ModelConfig config = tiny_config(Architecture::gpt2, 64);
  config.dropout = 0;
  config.activation = activation;
  return config;
}

double largest_error(const std::vector<GradientError>& errors) {
  double largest = 0;
  for (const GradientError& error : errors) largest = std::max(largest, error.error);
  return largest;
}

struct Bench {
  ThreadPool pool{2};
  const simd::Kernels& kernels = *simd::kernels();
  std::vector<GradientError> gradients(TrainingTask& task) {
    return check_gradients(task, pool, kernels, [](std::size_t, std::size_t) {});
  }
};

TEST_CASE("health: gradients agree with the loss, and the parameters stay as they are") {
  Bench bench;
  TinyTask task(config_of(Activation::gelu), {20, 13, 30}, 1, 6);
  const Parameters& parameters = task.parameters();
  const std::vector<float> before(parameters.values(), parameters.values() + parameters.size());
  const std::vector<GradientError> errors = bench.gradients(task);
  CHECK(errors.size() > 10);
  CHECK(largest_error(errors) < 0.02);
  CHECK(std::equal(before.begin(), before.end(), parameters.values()));
}

TEST_CASE("health: a gradient that is not that of the loss is found") {
  struct Wrong : TinyTask {
    using TinyTask::TinyTask;
    LossSum train(Context& context, const BatchPart& part, float gradient_scale) override {
      return TinyTask::train(context, part, 1.2f * gradient_scale);
    }
  };
  Bench bench;
  Wrong task(config_of(Activation::gelu), {20, 13, 30}, 1, 6);
  CHECK(largest_error(bench.gradients(task)) > 0.1);
}

TEST_CASE("health: a loss that bends sharply accuses no gradient") {
  Bench bench;
  TinyTask task(config_of(Activation::gelu), {20, 13, 30}, 1, 6);
  for (const NamedParameter& parameter : task.parameters().list()) {
    if (!parameter.name.ends_with(".attention.qkv.weight")) continue;
    float* const values = task.parameters().values() + parameter.offset;
    for (std::int64_t i = 0; i < parameter.tensor.size(); ++i) values[i] *= 30;
  }
  const std::vector<GradientError> errors = bench.gradients(task);
  CHECK(!errors.empty());
  CHECK(largest_error(errors) < 0.05);
}

TEST_CASE("health: one batch is learnt by heart, but not at a rate of almost nothing") {
  Bench bench;
  TinyTask task(config_of(Activation::gelu), {20, 13, 30}, 1, 6);
  const OverfitResult still = overfit_one_batch(task, {}, 1e-7, 20, 0.1, bench.pool, bench.kernels);
  CHECK(still.steps == 20);
  CHECK(still.last > 0.99 * still.first);
  const OverfitResult learnt = overfit_one_batch(task, {}, 5e-3, 400, 0.1, bench.pool, bench.kernels);
  CHECK(learnt.last < 0.1 * learnt.first);
  CHECK(learnt.steps < 400);
}

TEST_CASE("health: units that are never active are counted") {
  Bench bench;
  TinyTask task(config_of(Activation::relu), {20, 13, 30}, 1, 6);
  const auto silent = [&] { return silent_units(task, 1, bench.pool, bench.kernels); };
  const std::int64_t layers = task.model().config().layers;
  REQUIRE(std::ssize(silent()) == layers);
  const std::int64_t before = silent()[0].silent;
  const auto& list = task.parameters().list();
  const auto bias = std::find_if(list.begin(), list.end(), [](const NamedParameter& parameter) {
    return parameter.name.ends_with(".feed_forward.up.bias");
  });
  REQUIRE(bias != list.end());
  std::fill_n(task.parameters().values() + bias->offset, 5, -1000.0f);
  const SilentUnits after = silent()[0];
  CHECK(after.units == task.model().config().d_ff);
  CHECK(after.silent >= before + 1);
  CHECK(after.silent >= 5);
}

TEST_CASE("health: entropies of heads that see all keys alike, and of collapsed ones") {
  Bench bench;
  TinyTask task(config_of(Activation::gelu), {20, 13, 30}, 1, 6);
  const ModelConfig& config = task.model().config();
  const auto scale_queries = [&](float factor) {
    for (const NamedParameter& parameter : task.parameters().list()) {
      if (!parameter.name.ends_with(".attention.qkv.weight")) continue;
      float* const values = task.parameters().values() + parameter.offset;
      for (std::int64_t i = 0; i < config.heads * config.d_head * config.d_model; ++i) values[i] *= factor;
    }
    for (const NamedParameter& parameter : task.parameters().list()) {
      if (!parameter.name.ends_with(".attention.qkv.bias")) continue;
      std::fill_n(task.parameters().values() + parameter.offset, config.heads * config.d_head, 0.0f);
    }
  };
  scale_queries(1e5f);
  const std::vector<HeadEntropy> heads = head_entropies(task, bench.pool, bench.kernels);
  REQUIRE(std::ssize(heads) == config.layers * config.heads);
  for (const HeadEntropy& head : heads) CHECK(head.entropy < 0.05);
  scale_queries(0);
  for (const HeadEntropy& head : head_entropies(task, bench.pool, bench.kernels)) {
    CHECK(head.entropy == doctest::Approx(1).epsilon(1e-5));
  }
}

}  // namespace
}  // namespace attn
