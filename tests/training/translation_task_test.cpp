#include "training/translation_task.h"

#include <doctest/doctest.h>

#include <cmath>
#include <vector>

#include "base/temporary_folder.h"
#include "models/initialize.h"
#include "support/workbench.h"
#include "training/trainer.h"

namespace attn {
namespace {

using Line = std::vector<std::vector<std::int32_t>>;

ModelConfig small_config() {
  ModelConfig config;
  config.architecture = Architecture::transformer;
  config.vocabulary = 12;
  config.context = 16;
  config.layers = config.decoder_layers = 2;
  config.heads = config.kv_heads = 2;
  config.d_model = 16;
  config.d_head = 8;
  config.d_ff = 24;
  config.positions = Positions::sinusoidal;
  config.norm_place = NormPlace::post;
  config.activation = Activation::relu;
  config.scaled_embedding = true;
  config.pad_id = 0;
  config.end_id = 1;
  return config;
}

// Sources of different lengths; the target is the source backwards. Both end with the end token.
std::vector<Line> reversals(int count) {
  const RandomStream random(5, RandomPurpose::data);
  std::vector<Line> lines;
  for (std::uint64_t i = 0; i < static_cast<std::uint64_t>(count); ++i) {
    std::vector<std::int32_t> source;
    const std::uint64_t length = 1 + random.below(2 * i, 5);
    for (std::uint64_t t = 0; t < length; ++t) {
      source.push_back(2 + static_cast<std::int32_t>(random.derive(i).below(t, 10)));
    }
    std::vector<std::int32_t> target(source.rbegin(), source.rend());
    source.push_back(1);
    target.push_back(1);
    lines.push_back({source, target});
  }
  return lines;
}

struct Lab {
  explicit Lab(const std::vector<Line>& lines) : model(small_config()) {
    ExampleFileWriter writer(folder.path("examples"), 2, 12);
    for (const Line& line : lines) writer.add(line);
    writer.commit();
    examples.emplace(folder.path("examples"), 12);
    initialize(model.parameters(), small_config(), 3);
  }

  TemporaryFolder folder;
  std::optional<ExampleFile> examples;
  EncoderDecoderModel model;
};

// The loss of one line from the model's logits, by hand in double precision.
double loss_by_hand(Context& context, const EncoderDecoderModel& model, const Line& line, double smoothing) {
  const auto sequence = [&](const std::vector<std::int32_t>& ids, std::vector<std::int32_t>& storage) {
    const auto length = static_cast<std::int32_t>(ids.size());
    storage = {0, length, length};
    for (std::int32_t t = 0; t < length; ++t) storage.push_back(t);
    return TokenBatch{{1, storage.data(), storage.data() + 2, storage.data() + 3}, ids.data()};
  };
  std::vector<std::int32_t> source_storage, target_storage;
  std::vector<std::int32_t> read = {*model.config().pad_id};
  read.insert(read.end(), line[1].begin(), line[1].end() - 1);
  const TokenBatch source = sequence(line[0], source_storage);
  const Tensor states = model.encode(context, source);
  const Tensor logits =
      model.logits(context, model.decode(context, sequence(read, target_storage),
                                         {states, nullptr, source.sequences.starts, source.sequences.lengths}));
  double loss = 0;
  for (std::size_t t = 0; t < read.size(); ++t) {
    const float* row = logits.data + static_cast<std::int64_t>(t) * logits.columns();
    double sum = 0, mean = 0;
    for (int v = 0; v < 12; ++v) sum += std::exp(row[v]);
    for (int v = 0; v < 12; ++v) mean += (std::log(sum) - row[v]) / 12;
    loss += (1 - smoothing) * (std::log(sum) - row[line[1][t]]) + smoothing * mean;
  }
  return loss;
}

}  // namespace

TEST_CASE("translation task: the loss of a batch is that of its lines one by one, end token included") {
  const std::vector<Line> lines = reversals(7);
  Lab lab(lines);
  TranslationTask task(lab.model, *lab.examples, *lab.examples, {.batches = {.examples = 7}, .label_smoothing = 0.1f});
  Workbench bench(*simd::kernels());
  double plain = 0, smoothed = 0;
  std::int64_t tokens = 0;
  for (const Line& line : lines) {
    bench.begin(false);
    plain += loss_by_hand(bench.context, lab.model, line, 0);
    smoothed += loss_by_hand(bench.context, lab.model, line, 0.1);
    tokens += static_cast<std::int64_t>(line[1].size());
  }
  bench.begin(false);
  REQUIRE(task.validation_batches() == 1);
  const LossSum valid = task.validate(bench.context, 0);
  CHECK(valid.targets == tokens);
  CHECK(valid.loss == doctest::Approx(plain).epsilon(1e-5));
  CHECK(task.targets(0, 0) == tokens);
  bench.begin(false);
  CHECK(task.train(bench.context, {}, 1).loss == doctest::Approx(smoothed).epsilon(1e-5));
}

TEST_CASE("translation task: a small model learns to reverse what it has not seen") {
  const std::vector<Line> lines = reversals(600);
  Lab train({lines.begin(), lines.begin() + 550}), valid({lines.begin() + 550, lines.end()});
  TranslationTask task(train.model, *train.examples, *valid.examples, {.batches = {.tokens = 400}});
  ThreadPool pool(2);
  TrainerOptions options;
  options.schedule = {Schedule::cosine, 5e-3, 5e-4, 20, 400};
  options.eval_every = 400;
  Trainer trainer(task, options, pool, *simd::kernels());
  const double before = trainer.validate(true).mean();
  TrainingObserver silent;
  trainer.run(silent);
  CHECK(before > 2);
  CHECK(trainer.validate(true).mean() < 0.25);
}

}  // namespace attn
