#include "training/masked_task.h"

#include <doctest/doctest.h>

#include "base/temporary_folder.h"
#include "support/tiny_encoder.h"
#include "support/workbench.h"
#include "training/trainer.h"

namespace attn {
namespace {

const std::vector<std::int32_t> kSpecial{0, 1, 2, 3, 4};

struct Lab {
  explicit Lab(const std::vector<ExampleFields>& lines)
      : examples(write_example_file(folder.path("examples"), lines)) {}
  MaskedTask task(const MaskedTaskOptions& options) {
    return MaskedTask(*model, examples, examples, TokenMasking(12, kSpecial, 4), options);
  }

  TemporaryFolder folder;
  ExampleFile examples;
  std::unique_ptr<EncoderModel> model = random_encoder(tiny_encoder_config(Head::masked), 0.1f);
};

std::vector<ExampleFields> random_lines(int count) {
  std::vector<ExampleFields> lines;
  for (int i = 0; i < count; ++i) {
    const auto seed = static_cast<std::uint64_t>(i);
    lines.push_back({random_encoder_text(seed, 1 + i % 12)});
  }
  return lines;
}

LossSum validate_all(MaskedTask& task) {
  LossSum sum;
  for (std::int64_t batch = 0; batch < task.validation_batches(); ++batch) {
    Workbench bench(*simd::kernels());
    sum += task.validate(bench.context, batch);
  }
  return sum;
}

}  // namespace

TEST_CASE("masked task: a batch's targets are known before it is run, and differ from epoch to epoch") {
  Lab lab(random_lines(40));
  MaskedTask task = lab.task({.batches = {.examples = 8}, .accumulate = 2});
  std::vector<double> losses;
  for (std::int64_t step = 0; step < 6; ++step) {
    for (std::int64_t micro = 0; micro < 2; ++micro) {
      Workbench bench(*simd::kernels());
      const std::int64_t targets = task.targets(step, micro);
      const LossSum loss = task.train(bench.context, {step, micro}, 1);
      CHECK(loss.targets == targets);
      CHECK(targets >= 8);  // at least one of each text
      losses.push_back(loss.mean());
      Workbench again(*simd::kernels());
      CHECK(task.train(again.context, {step, micro}, 1).loss == loss.loss);
    }
  }
  std::sort(losses.begin(), losses.end());
  CHECK(std::adjacent_find(losses.begin(), losses.end()) == losses.end());
}

TEST_CASE("masked task: the validation loss is the same for every batch of the training, and depends on the seed") {
  Lab lab(random_lines(60));
  MaskedTask small = lab.task({.batches = {.examples = 3}}), large = lab.task({.batches = {.tokens = 300}});
  MaskedTask other = lab.task({.batches = {.examples = 3}, .seed = 2});
  const LossSum first = validate_all(small);
  CHECK(first.loss == validate_all(small).loss);
  CHECK(first.loss == validate_all(large).loss);
  CHECK(first.loss != validate_all(other).loss);
  CHECK(first.targets == validate_all(other).targets);
}

TEST_CASE("masked task: a small encoder learns texts in which every token is known from its neighbours") {
  std::vector<ExampleFields> lines;
  for (int i = 0; i < 7; ++i) {  // seven rotations of one cycle
    std::vector<std::int32_t> ids{2};
    for (int k = 0; k < 10; ++k) ids.push_back(5 + (i + k) % 7);
    ids.push_back(3);
    lines.push_back({ids});
  }
  Lab lab(lines);
  MaskedTask task = lab.task({.batches = {.examples = 7}});
  ThreadPool pool(2);
  TrainerOptions options;
  options.schedule = {Schedule::cosine, 5e-3, 5e-4, 20, 400};
  options.eval_every = 400;
  Trainer trainer(task, options, pool, *simd::kernels());
  const double before = trainer.validate(true).mean();
  TrainingObserver silent;
  trainer.run(silent);
  CHECK(before > 2);
  CHECK(trainer.validate(true).mean() < 0.7);
}

}  // namespace attn
