#include "cli/benchmark.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <functional>
#include <numeric>
#include <thread>

#include "autograd/output_loss.h"
#include "autograd/products.h"
#include "base/aligned_memory.h"
#include "base/error.h"
#include "generation/generator.h"
#include "models/decoder.h"
#include "models/initialize.h"
#include "models/quantize.h"
#include "text/tokenizer_trainer.h"
#include "training/language_task.h"
#include "training/packed_examples.h"
#include "training/trainer.h"

namespace attn {

namespace {

using Clock = std::chrono::steady_clock;

constexpr int kRuns = 9;

double seconds_of(const std::function<void()>& work, std::int64_t repeats) {
  const auto start = Clock::now();
  for (std::int64_t i = 0; i < repeats; ++i) work();
  return std::chrono::duration<double>(Clock::now() - start).count() / static_cast<double>(repeats);
}

double median(std::vector<double>& samples) {
  const auto middle = samples.begin() + static_cast<std::ptrdiff_t>(samples.size() / 2);
  std::nth_element(samples.begin(), middle, samples.end());
  return *middle;
}

// Runs of `work`, `seconds` in all, in samples long enough for the clock; on_sample(seconds of one run) after each.
void sample(double seconds, const std::function<void()>& work, const std::function<void(double)>& on_sample) {
  work();
  const double once = std::max(seconds_of(work, 1), 1e-8);
  const auto repeats = static_cast<std::int64_t>(seconds / kRuns / once) + 1;
  for (int i = 0; i < kRuns; ++i) on_sample(seconds_of(work, repeats));
}

double median_seconds(const Bench& bench, const std::function<void()>& work) {
  std::vector<double> samples;
  sample(bench.seconds, work, [&](double seconds) { samples.push_back(seconds); });
  return median(samples);
}

// Operations per second on all threads at once: no thread begins before all are there, so none does two threads'
// work.
double peak_at_present(const Bench& bench, double (*peak)(std::int64_t repeats, float* sink)) {
  ThreadPool& pool = bench.pool;
  constexpr std::int64_t kRepeats = 20000;
  pool.reserve_scratch(simd::kMatrixSink);
  std::atomic<int> arrived = 0;
  std::vector<double> rates(static_cast<std::size_t>(pool.threads()));
  pool.run(pool.threads(), 1e12, [&](std::int64_t block, int worker) {
    arrived.fetch_add(1);
    while (arrived.load() < pool.threads()) std::this_thread::yield();
    const auto start = Clock::now();
    const double done = peak(kRepeats, pool.scratch(worker));
    rates[static_cast<std::size_t>(block)] = done / std::chrono::duration<double>(Clock::now() - start).count();
  });
  return std::accumulate(rates.begin(), rates.end(), 0.0);
}

double flops_at_present(const Bench& bench) {
  return peak_at_present(bench, bench.kernels.fma_peak);
}

// In memory like that of tensors, as all that is measured here.
AlignedArray<float> random_floats(std::int64_t count) {
  const RandomStream random(1, RandomPurpose::data);
  AlignedArray<float> values = make_aligned_array<float>(static_cast<std::size_t>(count));
  for (std::size_t i = 0; i < static_cast<std::size_t>(count); ++i) {
    values[i] = static_cast<float>(random.uniform(i)) - 0.5f;
  }
  return values;
}

ModelConfig config_of(const TrainShape& shape) {
  ModelConfig config;
  config.vocabulary = shape.vocabulary;
  config.context = shape.context;
  config.layers = shape.layers;
  config.heads = config.kv_heads = shape.heads;
  config.d_model = shape.d_model;
  config.d_head = shape.d_model / shape.heads;
  config.d_ff = 4 * shape.d_model;
  return config;
}

std::string name_of(const TrainShape& shape) {
  return concat("GPT ", shape.layers, " x ", shape.d_model, ", T ", shape.context, ", B ", shape.batch, ", V ",
                shape.vocabulary);
}

// Random tokens, another batch every step: what the tokens are does not change the work.
class RandomTokensTask : public TrainingTask {
 public:
  RandomTokensTask(DecoderModel& model, const TrainShape& shape) : model_(model), shape_(shape) {}

  Parameters& parameters() override { return model_.parameters(); }
  std::int64_t targets(std::int64_t, std::int64_t) override { return shape_.batch * shape_.context; }
  std::int64_t most_parts(std::int64_t, std::int64_t) override { return shape_.batch; }
  LossSum train(Context& context, const BatchPart& part, float gradient_scale) override {
    const std::int64_t sequences = part.end(shape_.batch) - part.begin(shape_.batch);
    const auto n = static_cast<std::size_t>(sequences * shape_.context);
    auto* lengths = context.arena.array<std::int64_t>(static_cast<std::size_t>(sequences));
    std::fill_n(lengths, sequences, shape_.context);
    auto* ids = context.arena.array<std::int32_t>(n + 1);
    const RandomStream random = RandomStream(1, RandomPurpose::data)
                                    .derive(static_cast<std::uint64_t>(part.step))
                                    .derive(static_cast<std::uint64_t>(part.part));
    for (std::size_t i = 0; i <= n; ++i) {
      ids[i] = static_cast<std::int32_t>(random.below(i, static_cast<std::uint64_t>(shape_.vocabulary)));
    }
    const TokenBatch batch{make_sequences(context.arena, lengths, sequences), ids};
    const Tensor hidden = model_.hidden(context, batch);
    const double loss = output_loss(context, hidden, model_.output_weight(), {}, ids + 1, {0, gradient_scale});
    return {loss, static_cast<std::int64_t>(n)};
  }
  std::int64_t validation_batches() const override { return 0; }
  std::int64_t quick_validation_batches() const override { return 0; }
  LossSum validate(Context&, std::int64_t) override { return {}; }
  double characters_per_target() const override { return 1; }

 private:
  DecoderModel& model_;
  TrainShape shape_;
};

// Collects the duration of every step, and the multiply-add peak right after it.
class StepTimes : public TrainingObserver {
 public:
  explicit StepTimes(const Bench& bench) : bench_(bench) {}

  void on_step(const StepReport&) override {
    const double seconds = std::chrono::duration<double>(Clock::now() - last_).count();
    times_.push_back(seconds);
    work_ += seconds;
    // Beside steps of microseconds the peak is measured now and then.
    if (work_ - work_at_peak_ > kSecondsBetweenPeaks) {
      peaks_.push_back(flops_at_present(bench_));
      work_at_peak_ = work_;
    }
    last_ = Clock::now();
  }
  bool should_stop() override {
    constexpr std::size_t kWarmUp = 3, kFewest = 8;
    return times_.size() >= kWarmUp + kFewest && work_ > 8 * bench_.seconds;
  }
  double seconds() { return median(times_); }
  double peak() { return median(peaks_); }

 private:
  static constexpr double kSecondsBetweenPeaks = 2e-3;

  const Bench& bench_;
  std::vector<double> times_, peaks_;
  double work_ = 0, work_at_peak_ = 0;
  Clock::time_point last_ = Clock::now();
};

// Of a token of texts that `generate` writes greedily from a first token on, as long as the context, or as the time allows.
double token_seconds(const Bench& bench, const DecoderModel& model, int drafts) {
  constexpr int kFewest = 32;
  const int context = model.config().context;
  GenerationOptions options{.sampling = {.greedy = true}, .tokens = std::min(context, kFewest), .drafts = drafts};
  const auto write = [&] {
    constexpr std::int32_t kFirst = 0;
    const auto go_on = [](int, std::int32_t) { return true; };
    generate(model, bench.kernels, bench.pool, {&kFirst, 1}, options, go_on, [](int, StopReason) {});
  };
  write();
  const double fitting = bench.seconds / kRuns / seconds_of(write, 1) * options.tokens;
  if (fitting > options.tokens) options.tokens = fitting < context ? static_cast<int>(fitting) : context;
  return median_seconds(bench, write) / options.tokens;
}

const char* name_of(simd::Form form) {
  return form == simd::Form::NN ? "NN" : form == simd::Form::NT ? "NT" : "TN";
}

}  // namespace

Limits measure_limits(const Bench& bench) {
  std::vector<double> rates, matrix_rates;
  for (int i = 0; i < 30 * kRuns; ++i) {
    rates.push_back(flops_at_present(bench));
    if (bench.kernels.matrix_peak) matrix_rates.push_back(peak_at_present(bench, bench.kernels.matrix_peak));
  }
  return {median(rates), matrix_rates.empty() ? 0 : median(matrix_rates),
          measure_bandwidth(bench, std::size_t{256} << 20)};
}

double measure_bandwidth(const Bench& bench, std::size_t bytes) {
  const auto floats = static_cast<std::int64_t>(bytes / sizeof(float));
  const AlignedArray<float> buffer = make_aligned_array<float>(static_cast<std::size_t>(floats));
  std::fill_n(buffer.get(), floats, 1.0f);
  const std::int64_t threads = bench.pool.threads(), part = (floats + threads - 1) / threads;
  std::vector<float> sums(static_cast<std::size_t>(threads));
  const double seconds = median_seconds(bench, [&] {
    bench.pool.run(threads, 1e12, [&](std::int64_t block, int) {
      const std::int64_t begin = block * part;
      sums[static_cast<std::size_t>(block)] =
          bench.kernels.read_all(buffer.get(), begin, std::min(begin + part, floats));
    });
  });
  return static_cast<double>(bytes) / seconds;
}

Measurement measure_matmul(const Bench& bench, const MatmulShape& shape, simd::Form form) {
  const AlignedArray<float> a = random_floats(shape.m * shape.k), b = random_floats(shape.k * shape.n);
  const AlignedArray<float> c = make_aligned_array<float>(static_cast<std::size_t>(shape.m * shape.n));
  const simd::Matmul product{.form = form,
                             .m = shape.m,
                             .n = shape.n,
                             .k = shape.k,
                             .a = a.get(),
                             .lda = form == simd::Form::TN ? shape.m : shape.k,
                             .b = b.get(),
                             .ldb = form == simd::Form::NT ? shape.k : shape.n,
                             .c = c.get(),
                             .ldc = shape.n};
  Arena arena;
  Context context{arena, bench.pool, bench.kernels};
  const double flops = 2.0 * static_cast<double>(shape.m * shape.n) * static_cast<double>(shape.k);
  std::vector<double> times, shares;
  sample(
      bench.seconds, [&] { run_matmul(context, product); },
      [&](double seconds) {
        times.push_back(seconds);
        shares.push_back(flops / seconds / flops_at_present(bench));
      });
  const double seconds = median(times);
  return {"matmul",
          concat(shape.m, " x ", shape.n, " x ", shape.k, " ", name_of(form)),
          bench.pool.threads(),
          1e3 * seconds,
          flops / seconds / 1e9,
          "GFLOP/s",
          100 * median(shares)};
}

double training_flops(const TrainShape& shape) {
  const double c = shape.d_model, tokens = static_cast<double>(shape.batch) * shape.context;
  const double weights = shape.layers * 12 * c * c + shape.vocabulary * c;
  return tokens * (6 * weights + 12.0 * shape.layers * c * shape.context);
}

Measurement measure_training(const Bench& bench, const TrainShape& shape, Precision precision) {
  DecoderModel model(config_of(shape));
  initialize(model.parameters(), model.config(), 1);
  RandomTokensTask task(model, shape);
  TrainerOptions options;
  options.precision = precision;
  options.schedule.steps = 1000000;
  options.eval_every = 1000000;
  Trainer trainer(task, options, bench.pool, bench.kernels);
  StepTimes times(bench);
  trainer.run(times);
  const double seconds = times.seconds();
  const double flops = training_flops(shape) / seconds;
  return {"train",
          name_of(shape) + (precision == Precision::bf16 ? ", bf16" : ""),
          bench.pool.threads(),
          1e3 * seconds,
          static_cast<double>(shape.batch * shape.context) / seconds,
          "tokens/s",
          100 * flops / times.peak()};
}

std::vector<Measurement> measure_decoding(const Bench& bench, const TrainShape& shape) {
  DecoderModel model(config_of(shape));
  initialize(model.parameters(), model.config(), 1);
  const auto weights = static_cast<double>(multiplied_weights(model.parameters(), model.config()));
  const auto measure = [&](const char* how, double weight_bytes, int drafts) {
    const double seconds = token_seconds(bench, model, drafts), bytes = weight_bytes * weights;
    const double bandwidth = measure_bandwidth(bench, static_cast<std::size_t>(bytes));
    return Measurement{.group = "decode",
                       .name = name_of(shape) + how,
                       .threads = bench.pool.threads(),
                       .milliseconds = 1e3 * seconds,
                       .value = 1 / seconds,
                       .unit = "tokens/s",
                       .percent = 100 * bytes / seconds / bandwidth};
  };
  std::vector<Measurement> rows = {measure("", sizeof(float), 0)};
  GenerationOptions options;
  prepare_drafts(model, bench.kernels, options);
  if (options.drafts > 0) {
    rows.front().name += ", no drafts";
    rows.insert(rows.begin(), measure("", sizeof(float), options.drafts));
  } else {
    quantize(model.parameters(), model.config());
  }
  rows.push_back(measure(", int8", 1, 0));
  return rows;
}

std::vector<Measurement> measure_tokenizer(const std::string& text, int vocabulary) {
  constexpr std::size_t kLearntFrom = 10'000'000, kPiece = std::size_t{1} << 16;
  // The text in pieces that end after a line, where nothing that is learnt or encoded is cut in two.
  std::size_t begin = 0, end = std::min(kLearntFrom, text.size());
  const auto next_piece = [&](std::string& piece) {
    if (begin >= end) return false;
    const std::size_t line = text.find('\n', std::min(begin + kPiece, end) - 1);
    const std::size_t length = std::min(line == text.npos ? end : line + 1, end) - begin;
    piece.assign(text, begin, length);
    begin += length;
    return true;
  };
  TokenizerTraining training;
  training.vocabulary_size = vocabulary;
  std::unique_ptr<Tokenizer> tokenizer;
  const double learning = seconds_of([&] { tokenizer = train_tokenizer(training, next_piece); }, 1);
  const auto learnt_from = static_cast<double>(end);
  begin = 0;
  end = text.size();
  std::size_t tokens = 0;
  const double encoding = seconds_of(
      [&] {
        for (std::string piece; next_piece(piece);) tokens += tokenizer->encode(piece).size();
      },
      1);
  const auto size = static_cast<double>(text.size());
  return {{"tokens", concat("learn BPE of ", tokenizer->vocabulary_size()), 1, 1e3 * learning,
           learnt_from / 1e6 / learning, "MB/s", 0},
          {"tokens", concat("encode ", text.size(), " bytes as ", tokens), 1, 1e3 * encoding, size / 1e6 / encoding,
           "MB/s", 0}};
}

}  // namespace attn
