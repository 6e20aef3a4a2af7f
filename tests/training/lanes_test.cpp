#include "training/lanes.h"

#include <doctest/doctest.h>

#include <atomic>
#include <cmath>
#include <thread>
#include <vector>

#include "autograd/gradient_check.h"
#include "base/error.h"
#include "support/workbench.h"
#include "tiny_task.h"

namespace attn {
namespace {

ModelConfig config_of() {
  ModelConfig config = tiny_config(Architecture::gpt2, 64);
  config.dropout = 0;
  return config;
}

TEST_CASE("lanes: a micro-batch in parts has the loss and the gradients of the whole") {
  const RandomStream random(1, RandomPurpose::dropout);
  TinyTask task(config_of(), {60, 17, 40, 64, 3}, 2, 9);
  Parameters& parameters = task.parameters();
  for (const int threads : {1, 2, 5}) {
    CAPTURE(threads);
    ThreadPool pool(threads);
    Lanes lanes(task, pool, *simd::kernels());
    REQUIRE(parameters.lanes() > 1);
    parameters.begin_gradients();
    LossSum sum;
    for (std::int64_t micro = 0; micro < 2; ++micro) sum += lanes.train(0, micro, random, 0.01f);
    parameters.finish_gradients();
    std::vector<float> added(static_cast<std::size_t>(parameters.size()));
    for (int lane = 0; lane < parameters.lanes(); ++lane) {
      double norm = 0;
      for (std::size_t i = 0; i < added.size(); ++i) {
        added[i] += parameters.gradients(lane)[i];
        norm += std::abs(parameters.gradients(lane)[i]);
      }
      CHECK(norm > 0);  // every lane had something to do
    }

    Workbench bench(*simd::kernels());
    parameters.begin_gradients();
    LossSum whole;
    for (std::int64_t micro = 0; micro < 2; ++micro) {
      bench.begin(true);
      bench.context.training = true;
      whole += task.train(bench.context, {0, micro}, 0.01f);
      bench.tape.backward();
    }
    parameters.finish_gradients();
    CHECK(sum.targets == whole.targets);
    CHECK(sum.loss == doctest::Approx(whole.loss).epsilon(1e-6));
    for (const NamedParameter& parameter : parameters.list()) {
      CAPTURE(parameter.name);
      double largest = 0, difference = 0;
      for (std::int64_t i = parameter.offset; i < parameter.offset + parameter.tensor.size(); ++i) {
        const double expected = parameters.gradients()[i];
        largest = std::max(largest, std::abs(expected));
        difference = std::max(difference, std::abs(added[static_cast<std::size_t>(i)] - expected));
      }
      CHECK(difference < 2e-5 * largest + 1e-9);
    }
  }
}

TEST_CASE("lanes: who is done first helps with the other lane, and changes no bit") {
  if (available_cpus() < 2) return;  // nobody helps where there is no CPU for it
  struct Unequal : TinyTask {
    using TinyTask::TinyTask;
    LossSum train(Context& context, const BatchPart& part, float gradient_scale) override {
      if (waits && part.part == 0) {
        while (!has_begun) std::this_thread::yield();  // or one thread might train both lanes
      }
      if (waits && part.part == 1) {
        has_begun = true;
        while (context.pool.is_alone()) std::this_thread::yield();
      }
      return TinyTask::train(context, part, gradient_scale);
    }
    bool waits = false;  // lane 1, which has begun, for lane 0's thread
    std::atomic<bool> has_begun{false};
  };
  ModelConfig config = config_of();
  config.d_model = 96;
  config.d_head = 24;
  config.d_ff = 384;
  Unequal task(config, {64, 64, 64, 64}, 1, 8);
  Parameters& parameters = task.parameters();
  const auto gradients = [&](int threads) {
    ThreadPool pool(threads);
    Lanes lanes(task, pool, *simd::kernels());
    const RandomStream random(1, RandomPurpose::dropout);
    task.waits = threads == 2;
    parameters.begin_gradients();
    lanes.train(0, 0, random, 1);
    parameters.finish_gradients();
    std::vector<float> all;
    for (int lane = 0; lane < parameters.lanes(); ++lane) {
      all.insert(all.end(), parameters.gradients(lane), parameters.gradients(lane) + parameters.size());
    }
    return all;
  };
  const std::vector<float> alone = gradients(1), helped = gradients(2);
  CHECK(alone == helped);
}

TEST_CASE("lanes: what a part throws reaches the caller, and the next batch trains") {
  struct Broken : TinyTask {
    using TinyTask::TinyTask;
    LossSum train(Context& context, const BatchPart& part, float gradient_scale) override {
      if (part.step == 0 && part.part == 1) fail("part 1");
      return TinyTask::train(context, part, gradient_scale);
    }
  };
  Broken task(config_of(), {64, 64}, 1, 8);
  ThreadPool pool(2);
  Lanes lanes(task, pool, *simd::kernels());
  const RandomStream random(1, RandomPurpose::dropout);
  CHECK_THROWS_WITH_AS(lanes.train(0, 0, random, 1), "part 1", Error);
  task.parameters().begin_gradients();
  CHECK(lanes.train(1, 0, random, 1).targets == task.targets(1, 0));
}

}  // namespace
}  // namespace attn
