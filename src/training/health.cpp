#include "training/health.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <string_view>
#include <tuple>

#include "autograd/tape.h"
#include "base/arena.h"
#include "base/error.h"
#include "training/trainer.h"

namespace attn {

namespace {

// Every step is the first one.
class OneBatchTask : public TrainingTask {
 public:
  explicit OneBatchTask(TrainingTask& task) : task_(task) {}

  Parameters& parameters() override { return task_.parameters(); }
  std::int64_t targets(std::int64_t, std::int64_t) override { return task_.targets(0, 0); }
  std::int64_t most_parts(std::int64_t, std::int64_t) override { return task_.most_parts(0, 0); }
  LossSum train(Context& context, const BatchPart& part, float gradient_scale) override {
    return task_.train(context, {0, 0, part.part, part.parts}, gradient_scale);
  }
  std::int64_t validation_batches() const override { return task_.validation_batches(); }
  std::int64_t quick_validation_batches() const override { return task_.quick_validation_batches(); }
  LossSum validate(Context& context, std::int64_t batch) override { return task_.validate(context, batch); }
  double characters_per_target() const override { return task_.characters_per_target(); }

 private:
  TrainingTask& task_;
};

class OverfitObserver : public TrainingObserver {
 public:
  explicit OverfitObserver(double enough) : enough_(enough) {}
  void on_step(const StepReport& report) override {
    if (result.steps == 0) result.first = report.loss;
    result.last = report.loss;
    result.steps = report.step;
  }
  bool should_stop() override { return result.last < enough_ * result.first; }

  OverfitResult result;

 private:
  double enough_;
};

// Passes through one part of the first micro-batch.
class PartPass {
 public:
  PartPass(TrainingTask& task, ThreadPool& pool, const simd::Kernels& kernels)
      : task_(task), pool_(pool), kernels_(kernels) {
    task.parameters().enable_gradients();
    tape_.write_to(task.parameters().lane(0));
    const auto targets = static_cast<double>(task.targets(0, 0));
    part_.parts = task.most_parts(0, 0);
    scale_ = static_cast<float>(static_cast<double>(part_.parts) / std::max(1.0, targets));
  }

  /// scale·loss; nothing is recorded.
  double loss() { return run(part_, nullptr); }
  /// Leaves the gradients of scale·loss in the parameters' first lane.
  void gradients() {
    task_.parameters().begin_gradients();
    add_gradients(part_);
    task_.parameters().finish_gradients();
  }
  void add_gradients(const BatchPart& part) {
    tape_.reset();
    run(part, &tape_);
  }

 private:
  double run(const BatchPart& part, Tape* tape) {
    arena_.reset();
    Context context{arena_, pool_, kernels_};
    context.tape = tape;
    context.training = true;
    context.random = RandomStream(1, RandomPurpose::dropout);
    const double loss = scale_ * task_.train(context, part, scale_).loss;
    if (tape != nullptr) tape->backward();
    return loss;
  }

  TrainingTask& task_;
  ThreadPool& pool_;
  const simd::Kernels& kernels_;
  Arena arena_;
  Tape tape_;
  BatchPart part_;
  float scale_;
};

double length_of(const float* values, std::int64_t count) {
  double sum = 0;
  for (std::int64_t i = 0; i < count; ++i) sum += static_cast<double>(values[i]) * values[i];
  return std::sqrt(sum);
}

constexpr double kWantedChange = 0.005;   // of the loss: large beside rounding, small beside its curvature
constexpr double kSmallestChange = 3e-5;  // below this, rounding would be measured
constexpr double kLongestMove = 0.05;     // beside the length of the parameters themselves
constexpr double kSureEnough = 0.01;      // of the gradient's length
constexpr double kHardlyMeasured = 0.1;   // the same: more says nothing

struct Slope {
  double value = 0;
  double doubt = 0;  // how far the value depends on the distance at which it is measured
};

// Central differences at a distance and at half of it, combined so that the third derivative falls out (Richardson).
// Where the loss bends too much for that distance, nearer ones are tried.
Slope slope_along(PartPass& pass, float* values, const std::vector<float>& start, const std::vector<float>& direction,
                  double distance, double length) {
  const auto loss_at = [&](double by) {
    for (std::size_t i = 0; i < start.size(); ++i) {
      values[i] = static_cast<float>(start[i] + by * static_cast<double>(direction[i]));
    }
    return pass.loss();
  };
  const auto slope = [&](double by) { return (loss_at(by) - loss_at(-by)) / (2 * by); };
  double wide = slope(distance), narrow = slope(distance / 2);
  while (!(std::fabs(wide - narrow) < kSureEnough * length) && distance * length / 2 > kSmallestChange) {
    distance /= 2;
    wide = narrow;
    narrow = slope(distance / 2);
  }
  std::copy(start.begin(), start.end(), values);
  return {(4 * narrow - wide) / 3, std::fabs(wide - narrow)};
}

double median(std::vector<double> values) {
  const auto middle = values.begin() + std::ssize(values) / 2;
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

}  // namespace

OverfitResult overfit_one_batch(TrainingTask& task, OptimizerOptions optimizer, double learning_rate,
                                std::int64_t most_steps, double enough, ThreadPool& pool, const simd::Kernels& kernels,
                                Precision precision) {
  constexpr std::int64_t kWarmup = 20;
  OneBatchTask one(task);
  TrainerOptions options;
  options.schedule = {Schedule::constant, learning_rate, learning_rate, kWarmup, most_steps};
  options.optimizer = std::move(optimizer);
  options.optimizer.weight_decay = 0;
  options.precision = precision;
  options.eval_every = most_steps + 1;
  Trainer trainer(one, options, pool, kernels);
  OverfitObserver observer(enough);
  try {
    trainer.run(observer);
  } catch (const Error&) {
    observer.result.last = std::numeric_limits<double>::infinity();
  }
  return observer.result;
}

std::vector<GradientError> check_gradients(TrainingTask& task, ThreadPool& pool, const simd::Kernels& kernels,
                                           const std::function<void(std::size_t, std::size_t)>& progress) {
  PartPass pass(task, pool, kernels);
  pass.gradients();
  Parameters& parameters = task.parameters();
  const std::vector<float> gradients(parameters.gradients(), parameters.gradients() + parameters.size());
  std::vector<GradientError> errors;
  for (std::size_t i = 0; i < parameters.list().size(); ++i) {
    const NamedParameter& parameter = parameters.list()[i];
    progress(i, parameters.list().size());
    const std::int64_t count = parameter.tensor.size();
    float* const values = parameters.values() + parameter.offset;
    std::vector<float> direction(gradients.begin() + parameter.offset, gradients.begin() + parameter.offset + count);
    const double length = length_of(direction.data(), count);
    if (!(length > 0)) continue;
    const std::vector<float> start(values, values + count);
    const double room = std::max(length_of(values, count), 0.02 * std::sqrt(static_cast<double>(count)));
    const double distance = std::min(kWantedChange / length, kLongestMove * room);
    if (2 * distance * length < 10 * kSmallestChange) continue;
    for (float& x : direction) x = static_cast<float>(x / length);
    const auto [measured, doubt] = slope_along(pass, values, start, direction, distance, length);
    if (!(doubt < kHardlyMeasured * length)) continue;
    errors.push_back({parameter.name, length, measured, std::max(0.0, std::fabs(measured - length) - doubt) / length});
  }
  return errors;
}

std::vector<SilentUnits> silent_units(TrainingTask& task, std::int64_t batches, ThreadPool& pool,
                                      const simd::Kernels& kernels) {
  constexpr std::string_view kUp = ".feed_forward.up.weight";
  constexpr double kSilent = 1e-4;
  PartPass pass(task, pool, kernels);
  Parameters& parameters = task.parameters();
  parameters.begin_gradients();
  for (std::int64_t step = 0; step < batches; ++step) {
    task.most_parts(step, 0);  // prepares the batch
    pass.add_gradients({step, 0});
  }
  parameters.finish_gradients();
  std::vector<SilentUnits> layers;
  for (const NamedParameter& parameter : parameters.list()) {
    if (!parameter.name.ends_with(kUp)) continue;
    const std::int64_t rows = parameter.tensor.rows(), columns = parameter.tensor.columns();
    const float* const gradient = parameters.gradients() + parameter.offset;
    std::vector<double> lengths;
    for (std::int64_t row = 0; row < rows; ++row) lengths.push_back(length_of(gradient + row * columns, columns));
    const double limit = kSilent * median(lengths);
    const std::string name = parameter.name.substr(0, parameter.name.size() - kUp.size());
    layers.push_back({name, rows, std::count_if(lengths.begin(), lengths.end(), [&](double x) { return x <= limit; })});
  }
  return layers;
}

std::vector<HeadEntropy> head_entropies(TrainingTask& task, ThreadPool& pool, const simd::Kernels& kernels) {
  if (task.validation_batches() == 0) return {};
  AttentionTrace trace;
  Arena arena;
  Context context{arena, pool, kernels};
  context.trace = &trace;
  task.validate(context, 0);
  struct Sum {
    double entropy = 0;
    std::int64_t queries = 0;
  };
  std::map<std::tuple<AttentionKind, int, int>, Sum> sums;
  for (const AttentionRecord& record : trace.records) {
    const float* weights = record.weights.data();
    for (int head = 0; head < record.heads; ++head) {
      Sum& sum = sums[{record.kind, record.layer, head}];
      for (int query = 0; query < record.queries; ++query, weights += record.keys) {
        const int visible = record.causal ? record.keys - record.queries + query + 1 : record.keys;
        if (visible < 2) continue;
        double entropy = 0;
        for (int key = 0; key < record.keys; ++key) {
          if (weights[key] > 0)
            entropy -= static_cast<double>(weights[key]) * std::log(static_cast<double>(weights[key]));
        }
        sum.entropy += entropy / std::log(static_cast<double>(visible));
        ++sum.queries;
      }
    }
  }
  std::vector<HeadEntropy> heads;
  for (const auto& [place, sum] : sums) {
    const auto& [kind, layer, head] = place;
    if (sum.queries > 0) heads.push_back({kind, layer, head, sum.entropy / static_cast<double>(sum.queries)});
  }
  return heads;
}

}  // namespace attn
