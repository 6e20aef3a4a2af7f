#pragma once
// The training loop. It knows steps, updates, evaluations, and when to save; what a batch is belongs to the task, what
// is shown or written to the observer.

#include <cstdint>
#include <limits>
#include <optional>
#include <vector>

#include "training/lanes.h"
#include "training/optimizer.h"
#include "training/schedule.h"
#include "training/task.h"

namespace attn {

struct TrainerOptions {
  ScheduleOptions schedule;  // with the number of steps
  OptimizerOptions optimizer;
  Precision precision = Precision::f32;  // f32, or bf16 of products in training passes; validation is always in f32
  std::uint64_t seed = 1;
  std::int64_t accumulate = 1;    // micro-batches of one update
  std::int64_t eval_every = 100;  // steps
  std::int64_t save_every = 0;    // steps between kept checkpoints; 0: none but at evaluations
  std::int64_t patience = 0;      // evaluations without a better loss before training ends; 0: never
  double time_limit = 0;          // seconds of training, evaluation included; 0: none
};

/// A row of log.csv.
struct Evaluation {
  std::int64_t step = 0;    // updates made
  std::int64_t tokens = 0;  // target tokens trained on so far
  double seconds = 0;       // of training, without evaluation
  double train_loss = 0;    // mean since the last evaluation, nats per target token
  double valid_loss = 0;
  double valid_bits_per_character = 0;  // NaN if the task has no characters
  double learning_rate = 0;
  double gradient_norm = 0;  // of the last step, before clipping
  double tokens_per_second = 0;
};

/// Everything that changes while training, besides parameters and moments; saved and restored for resuming.
struct TrainerState {
  std::int64_t step = 0;
  std::int64_t tokens = 0;
  double seconds = 0;
  LossSum since_evaluation;
  double seconds_at_evaluation = 0;
  std::int64_t tokens_at_evaluation = 0;
  double best_loss = std::numeric_limits<double>::infinity();
  std::int64_t best_step = 0;
  std::int64_t evaluations_without_gain = 0;
  double recent_step_seconds = 0;  // smoothed duration of a step
  bool finished = false;           // and the folder has the model chosen
};

struct StepReport {
  std::int64_t step = 0;  // updates made
  double loss = 0;
  double tokens_per_second = 0;  // lately
  double seconds_left = 0;       // estimated
  double learning_rate = 0;
  double gradient_norm = 0;  // before clipping
};

enum class TrainingEnd { steps, patience, time, interrupted };

class TrainingObserver {
 public:
  virtual ~TrainingObserver() = default;
  virtual void on_step(const StepReport&) {}
  /// After every evaluation; `is_best` if the loss is the lowest so far.
  virtual void on_evaluation(const Evaluation&, bool /*is_best*/) {}
  /// Time to keep a checkpoint (save_every).
  virtual void on_checkpoint(std::int64_t /*step*/) {}
  /// Asked after every step.
  virtual bool should_stop() { return false; }
};

class Trainer {
 public:
  Trainer(TrainingTask& task, const TrainerOptions& options, ThreadPool& pool, const simd::Kernels& kernels);

  /// Trains until the steps are done, patience or time runs out, or the observer wants to stop. Throws Error if the
  /// loss or the gradient is no number any more; the parameters are then those before the step.
  TrainingEnd run(TrainingObserver& observer);

  /// Whether the last evaluation, after which nothing was trained, was one too many without a better loss.
  bool is_patience_over() const;

  /// Mean loss over the whole validation part, or over its quick part.
  LossSum validate(bool whole);
  /// Seconds that each of the next updates takes, measured on at least `steps` of them, and for at least `seconds`, that
  /// are taken back: they change nothing.
  double measure_step_seconds(std::int64_t steps, double seconds = 0);
  /// Seconds that an evaluation during training takes, estimated from at most so many of its batches.
  double measure_evaluation_seconds(std::int64_t batches);

  TrainerState& state() { return state_; }
  const TrainerState& state() const { return state_; }
  Optimizer& optimizer() { return optimizer_; }
  /// Changes what may change between steps: schedule, intervals, limits.
  void set_options(const TrainerOptions& options) { options_ = options; }
  const TrainerOptions& options() const { return options_; }

 private:
  LossSum accumulate_gradients(std::int64_t step);
  void update(std::int64_t step, const LossSum& loss);
  LossSum validate_batches(std::int64_t batches);
  bool evaluate(TrainingObserver& observer);
  StepReport report(const LossSum& loss);

  TrainingTask& task_;
  TrainerOptions options_;
  ThreadPool& pool_;
  const simd::Kernels& kernels_;
  Lanes lanes_;
  Optimizer optimizer_;
  TrainerState state_;
  double last_norm_ = 0;
  double last_rate_ = 0;
};

}  // namespace attn
