#include "training/contrastive_task.h"

#include <doctest/doctest.h>

#include <cmath>

#include "base/temporary_folder.h"
#include "generation/text_embedder.h"
#include "support/tiny_encoder.h"
#include "support/workbench.h"
#include "training/trainer.h"

namespace attn {
namespace {

ModelConfig mean_config() {
  ModelConfig config = tiny_encoder_config(Head::none);
  config.pooling = Pooling::mean;
  return config;
}

/// The unit vectors of texts.
std::vector<std::vector<double>> vectors_of(const EncoderModel& model,
                                            const std::vector<std::vector<std::int32_t>>& texts) {
  std::vector<std::vector<double>> vectors;
  ThreadPool pool(1);
  TextEmbedder embedder(model, Pooling::mean, true, *simd::kernels(), pool,
                        [&](std::int64_t, std::span<const float> v) { vectors.emplace_back(v.begin(), v.end()); });
  for (const auto& ids : texts) embedder.add({ids, std::vector<std::int32_t>(ids.size()), 0});
  embedder.flush();
  return vectors;
}

/// Σ over rows of -log softmax(cosines / τ)[row].
double loss_by_hand(const std::vector<std::vector<double>>& a, const std::vector<std::vector<double>>& b, double tau) {
  double loss = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    double sum = 0, own = 0;
    for (std::size_t j = 0; j < b.size(); ++j) {
      double cosine = 0;
      for (std::size_t k = 0; k < a[i].size(); ++k) cosine += a[i][k] * b[j][k];
      sum += std::exp(cosine / tau);
      if (i == j) own = cosine / tau;
    }
    loss += std::log(sum) - own;
  }
  return loss;
}

std::vector<ExampleFields> pairs(int count) {
  std::vector<ExampleFields> lines;
  for (std::uint64_t i = 0; i < static_cast<std::uint64_t>(count); ++i) {
    lines.push_back({random_encoder_text(2 * i, 8), random_encoder_text(2 * i + 1, 6)});
  }
  return lines;
}

}  // namespace

TEST_CASE("contrastive task: the loss is that of the cosines, one way and both ways") {
  const TemporaryFolder folder;
  const auto lines = pairs(9);
  const ExampleFile file = write_example_file(folder.path("pairs"), lines);
  const auto model = random_encoder(mean_config());
  std::vector<std::vector<std::int32_t>> first, second;
  for (const ExampleFields& line : lines) {
    first.push_back(line[0]);
    second.push_back(line[1]);
  }
  const auto a = vectors_of(*model, first), b = vectors_of(*model, second);
  for (const bool symmetric : {false, true}) {
    ContrastiveTask task(*model, file, file, {.batch = 9, .temperature = 0.1f, .symmetric = symmetric});
    Workbench bench(*simd::kernels());
    const LossSum found = task.validate(bench.context, 0);
    const double there = loss_by_hand(a, b, 0.1), back = loss_by_hand(b, a, 0.1);
    CHECK(found.targets == 9);
    CHECK(found.loss == doctest::Approx(symmetric ? (there + back) / 2 : there).epsilon(1e-4));
  }
}

TEST_CASE("contrastive task: equal texts of a batch are no negatives of each other") {
  const TemporaryFolder folder;
  auto lines = pairs(6);
  lines[2][0] = lines[0][0];  // the first text again,
  lines[4][1] = lines[1][0];  // a second text that is the first of another,
  lines[5][1] = lines[5][0];  // and a pair of equal texts, which may stay
  const ExampleFile file = write_example_file(folder.path("pairs"), lines);
  const auto model = random_encoder(mean_config());
  ContrastiveTask task(*model, file, file, {.batch = 6});
  Workbench bench(*simd::kernels());
  CHECK(task.validate(bench.context, 0).targets == 4);
  CHECK(task.targets(0, 0) == 4);
}

TEST_CASE("contrastive task: lines alone are told apart under dropout") {
  const TemporaryFolder folder;
  std::vector<ExampleFields> lines;
  for (std::uint64_t i = 0; i < 64; ++i) lines.push_back({random_encoder_text(i, 8)});
  const ExampleFile file = write_example_file(folder.path("lines"), lines);
  ModelConfig config = mean_config();
  config.dropout = 0.2f;
  const auto model = random_encoder(config, 0.1f);
  ContrastiveTask task(*model, file, file, {.batch = 16});
  ThreadPool pool(2);
  TrainerOptions options;
  options.schedule = {Schedule::cosine, 2e-3, 2e-4, 10, 100};
  options.eval_every = 100;
  Trainer trainer(task, options, pool, *simd::kernels());
  const double before = trainer.validate(true).mean();
  TrainingObserver silent;
  trainer.run(silent);
  CHECK(trainer.validate(true).mean() < before / 4);
}

}  // namespace attn
