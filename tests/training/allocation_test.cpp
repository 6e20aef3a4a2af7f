// A warmed-up training step takes nothing from the heap.
#include <doctest/doctest.h>

#include <new>

#include "support/allocation_counter.h"
#include "tiny_task.h"
#include "training/trainer.h"

namespace attn {
namespace {

/// Notes how many allocations had been made after every step.
struct StepCounter : TrainingObserver {
  explicit StepCounter(std::size_t steps) : after_step(steps) {}
  void on_step(const StepReport& report) override {
    after_step[static_cast<std::size_t>(report.step) - 1] = allocations_so_far();
  }
  std::vector<std::int64_t> after_step;
};

constexpr std::size_t kSteps = 8, kWarmUp = 3;

TEST_CASE("allocation: the counter counts every form, so that 0 means something") {
  const std::int64_t before = allocations_so_far();
  ::operator delete(::operator new(8));
  ::operator delete[](::operator new[](8));
  ::operator delete (::operator new (64, std::align_val_t{64}), std::align_val_t{64});
  ::operator delete[](::operator new[](64, std::align_val_t{64}), std::align_val_t{64});
  ::operator delete(::operator new(8, std::nothrow), std::nothrow);
  ::operator delete[](::operator new[](8, std::nothrow), std::nothrow);
  CHECK(allocations_so_far() == before + 6);
}

TEST_CASE("allocation: none in a warmed-up training step, forward, loss, backward, clipping and update") {
  for (const Architecture architecture : {Architecture::gpt2, Architecture::llama}) {
    for (const int threads : {1, 3}) {
      CAPTURE(static_cast<int>(architecture));
      CAPTURE(threads);
      ModelConfig config = tiny_config(architecture, 64);
      config.d_model = 64;
      config.d_head = 16;
      config.d_ff = 96;
      config.dropout = 0.1f;
      TinyTask task(config, {64, 9, 33, 50}, 2, 4);
      TrainerOptions options;
      options.schedule.steps = kSteps;
      options.accumulate = 2;
      options.eval_every = kSteps;
      ThreadPool pool(threads);
      Trainer trainer(task, options, pool, *simd::kernels());
      StepCounter counter(kSteps);
      trainer.run(counter);
      for (std::size_t step = kWarmUp; step < kSteps; ++step) {
        CHECK(counter.after_step[step] - counter.after_step[step - 1] == 0);
      }
    }
  }
}

}  // namespace
}  // namespace attn
