// Loss and every gradient of a model, bit for bit, for any number of threads.
#include <doctest/doctest.h>

#include <cstring>

#include "autograd/gradient_check.h"
#include "support/workbench.h"
#include "tiny_task.h"
#include "training/trainer.h"

namespace attn {
namespace {

/// Large enough that several threads share the work of most operations.
ModelConfig config_of(Architecture architecture) {
  ModelConfig config = tiny_config(architecture, 96);
  config.vocabulary = 301;
  config.d_model = 96;
  config.d_head = 24;
  config.d_ff = 160;
  config.dropout = 0.1f;
  return config;
}

struct Pass {
  double loss = 0;
  std::vector<float> gradients;
};

Pass run(TinyTask& task, const simd::Kernels& kernels, int threads) {
  Parameters& parameters = task.parameters();
  parameters.enable_gradients();
  Workbench bench(kernels, threads);
  bench.begin(true);
  bench.context.training = true;
  Pass pass;
  pass.loss = task.train(bench.context, {}, 0.01f).loss;
  bench.tape.backward();
  parameters.finish_gradients();
  pass.gradients.assign(parameters.gradients(), parameters.gradients() + parameters.size());
  return pass;
}

bool same_bits(const float* a, const float* b, std::int64_t count) {
  return std::memcmp(a, b, static_cast<std::size_t>(count) * sizeof(float)) == 0;
}

TEST_CASE("threads: loss and all gradients of a two-layer model are the same bits for 1, 2, 3 and 7") {
  for (const Architecture architecture : {Architecture::gpt2, Architecture::llama}) {
    CAPTURE(static_cast<int>(architecture));
    TinyTask task(config_of(architecture), {96, 17, 64, 5}, 1, 12);
    for_every_instruction_set([&](const simd::Kernels& kernels) {
      const Pass one = run(task, kernels, 1);
      for (const int threads : {2, 3, 7}) {
        CAPTURE(threads);
        const Pass several = run(task, kernels, threads);
        CHECK(several.loss == one.loss);
        for (const NamedParameter& parameter : task.parameters().list()) {
          CAPTURE(parameter.name);
          CHECK(same_bits(several.gradients.data() + parameter.offset, one.gradients.data() + parameter.offset,
                          parameter.tensor.size()));
        }
      }
    });
  }
}

TEST_CASE("threads: a training run ends with the same parameters and moments for 1, 2 and 3") {
  const auto train = [](int threads) {
    TinyTask task(config_of(Architecture::llama), {60, 17, 40}, 2, 4);
    TrainerOptions options;
    options.schedule.steps = 4;
    options.accumulate = 2;
    ThreadPool pool(threads);
    Trainer trainer(task, options, pool, *simd::kernels());
    TrainingObserver nobody;
    trainer.run(nobody);
    const Parameters& parameters = task.parameters();
    std::vector<float> all(parameters.values(), parameters.values() + parameters.size());
    for (const auto* moment : {&trainer.optimizer().first_moment(), &trainer.optimizer().second_moment()}) {
      all.insert(all.end(), moment->begin(), moment->end());
    }
    return all;
  };
  const std::vector<float> one = train(1);
  for (const int threads : {2, 3}) {
    const std::vector<float> several = train(threads);
    REQUIRE(several.size() == one.size());
    CHECK(same_bits(several.data(), one.data(), static_cast<std::int64_t>(one.size())));
  }
}

}  // namespace
}  // namespace attn
