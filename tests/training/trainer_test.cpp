// What the trainer measures before and between updates changes no bit of them.
#include "training/trainer.h"

#include <doctest/doctest.h>

#include "models/layer_matrices.h"
#include "tiny_task.h"

namespace attn {
namespace {

struct Trained {
  std::vector<float> parameters, first_moment, second_moment;
  std::int64_t updates = 0;

  bool operator==(const Trained&) const = default;
};

Trained train(bool measures, bool muon) {
  TinyTask task(tiny_config(Architecture::gpt2, 16), {16, 9}, 1, 4);
  TrainerOptions options;
  options.schedule = {.steps = 3};
  if (muon) options.optimizer.muon = layer_matrices(task.model().config(), task.parameters().list());
  ThreadPool pool(2);
  Trainer trainer(task, options, pool, *simd::kernels());
  TrainingObserver nobody;
  for (const std::int64_t steps : {3, 6}) {
    if (measures) CHECK(trainer.measure_step_seconds(4) > 0);
    options.schedule.steps = steps;
    trainer.set_options(options);
    trainer.run(nobody);
  }
  const float* const values = task.parameters().values();
  return {{values, values + task.parameters().size()},
          trainer.optimizer().first_moment(),
          trainer.optimizer().second_moment(),
          trainer.optimizer().updates()};
}

TEST_CASE("trainer: measuring steps leaves parameters and moments as they were, with AdamW and with Muon") {
  for (const bool muon : {false, true}) {
    CAPTURE(muon);
    const Trained without = train(false, muon);
    CHECK(without.updates == 6);
    CHECK(train(true, muon) == without);
  }
}

}  // namespace
}  // namespace attn
