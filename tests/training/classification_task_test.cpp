#include "training/classification_task.h"

#include <doctest/doctest.h>

#include <cmath>

#include "base/error.h"
#include "base/temporary_folder.h"
#include "support/tiny_encoder.h"
#include "support/workbench.h"
#include "training/trainer.h"

namespace attn {
namespace {

/// The label says whether token 5 occurs; texts with it are one in four.
std::vector<ExampleFields> labelled(std::uint64_t first, int count) {
  std::vector<ExampleFields> lines;
  for (std::uint64_t i = first; lines.size() < static_cast<std::size_t>(count); ++i) {
    std::vector<std::int32_t> text = random_encoder_text(i, 2 + static_cast<std::int64_t>(i % 9));
    for (std::int32_t& id : text) id = id == 5 ? 6 : id;
    const bool yes = i % 4 == 0;
    if (yes) text[1 + i / 4 % (text.size() - 2)] = 5;
    lines.push_back({label_ids(yes ? 1 : 0, 12), text});
  }
  return lines;
}

struct Lab {
  TemporaryFolder folder;
  ExampleFile train = write_example_file(folder.path("train"), labelled(0, 200));
  ExampleFile valid = write_example_file(folder.path("valid"), labelled(1000, 100));
};

}  // namespace

TEST_CASE("classification task: labels are digits to the base of the vocabulary") {
  CHECK(label_ids(0, 12) == std::vector<std::int32_t>{0});
  CHECK(label_ids(11, 12) == std::vector<std::int32_t>{11});
  CHECK(label_ids(12 * 12 + 5, 12) == std::vector<std::int32_t>{1, 0, 5});
  const TemporaryFolder folder;
  const ExampleFile file = write_example_file(folder.path("x"), {{label_ids(149, 12), {2, 3}}, {{}, {2, 3}}});
  CHECK(read_label(file, 0, 12) == 149);
  CHECK_THROWS_WITH_AS(read_label(file, 1, 12), "example 1 has no label", Error);
}

TEST_CASE("classification task: balanced weights have mean 1 over the texts") {
  const std::vector<float> weights = balanced_weights({30, 10});
  CHECK(weights[0] == doctest::Approx(40.0 / 60));
  CHECK(weights[1] == doctest::Approx(2));
  CHECK_THROWS_AS(balanced_weights({30, 0}), Error);
}

TEST_CASE("classification task: the loss is that of the model's own logits, each times its label's weight") {
  const Lab lab;
  const auto model = random_encoder(tiny_encoder_config(Head::classifier));
  ClassificationTask task(*model, lab.train, lab.valid,
                          {.batches = {.examples = 20}, .class_weights = {0.5f, 3}, .label_base = 12});
  Workbench bench(*simd::kernels());
  REQUIRE(task.validation_batches() == 1);
  const LossSum found = task.validate(bench.context, 0);
  CHECK(found.targets == 100);
  double expected = 0;
  std::int64_t right = 0;
  for (const ExampleFields& line : labelled(1000, 100)) {
    bench.begin(false);
    const std::vector<std::int32_t>& text = line[1];
    const auto length = static_cast<std::int32_t>(text.size());
    const std::vector<std::int32_t> starts{0, length};
    std::vector<std::int32_t> positions;
    for (std::int32_t t = 0; t < length; ++t) positions.push_back(t);
    const Sequences sequences{1, starts.data(), &length, positions.data()};
    const Tensor hidden = model->hidden(bench.context, {sequences, text.data()});
    const Tensor logits = model->classify(bench.context, model->pooled(bench.context, hidden, sequences));
    const double a = logits.data[0], b = logits.data[1];
    const auto label = line[0][0];
    expected += (label == 1 ? 3 : 0.5) * (std::log(std::exp(a) + std::exp(b)) - (label == 1 ? b : a));
    right += (b > a) == (label == 1);
  }
  CHECK(found.loss == doctest::Approx(expected).epsilon(1e-5));
  ThreadPool pool(1);
  CHECK(task.confusion(*simd::kernels(), pool).accuracy() == doctest::Approx(static_cast<double>(right) / 100));
}

TEST_CASE("classification task: a small encoder finds the token that decides, with either pooling") {
  for (const Pooling pooling : {Pooling::first, Pooling::mean}) {
    const Lab lab;
    ModelConfig config = tiny_encoder_config(Head::classifier);
    config.pooling = pooling;
    const auto model = random_encoder(config, 0.1f);
    ClassificationTask task(
        *model, lab.train, lab.valid,
        {.batches = {.examples = 20}, .class_weights = balanced_weights({150, 50}), .label_base = 12});
    ThreadPool pool(2);
    TrainerOptions options;
    options.schedule = {Schedule::cosine, 3e-3, 3e-4, 20, 200};
    options.eval_every = 200;
    Trainer trainer(task, options, pool, *simd::kernels());
    TrainingObserver silent;
    trainer.run(silent);
    CHECK(task.confusion(*simd::kernels(), pool).accuracy() > 0.97);
  }
}

TEST_CASE("classification task: a label that the model does not have is refused") {
  const TemporaryFolder folder;
  const ExampleFile file = write_example_file(folder.path("x"), {{label_ids(2, 12), {2, 3}}});
  const auto model = random_encoder(tiny_encoder_config(Head::classifier));
  CHECK_THROWS_WITH_AS(ClassificationTask(*model, file, file, {.batches = {.examples = 1}, .label_base = 12}),
                       "example 0 has label 2, the model 2 labels", Error);
}

}  // namespace attn
