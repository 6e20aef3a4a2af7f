#include "training/trainer.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <numbers>

#include "base/error.h"

namespace attn {

namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

}  // namespace

Trainer::Trainer(TrainingTask& task, const TrainerOptions& options, ThreadPool& pool, const simd::Kernels& kernels)
    : task_(task),
      options_(options),
      pool_(pool),
      kernels_(kernels),
      lanes_(task, pool, kernels, options.precision),
      optimizer_(task.parameters().size(), options.optimizer) {}

LossSum Trainer::accumulate_gradients(std::int64_t step) {
  task_.parameters().begin_gradients();
  std::int64_t targets = 0;
  for (std::int64_t micro = 0; micro < options_.accumulate; ++micro) targets += task_.targets(step, micro);

  const RandomStream random =
      RandomStream(options_.seed, RandomPurpose::dropout).derive(static_cast<std::uint64_t>(step));
  LossSum sum;
  for (std::int64_t micro = 0; micro < options_.accumulate; ++micro) {
    sum +=
        lanes_.train(step, micro, random.derive(static_cast<std::uint64_t>(micro)), 1.0f / static_cast<float>(targets));
  }
  return sum;
}

void Trainer::update(std::int64_t step, const LossSum& loss) {
  Context context{lanes_.idle_arena(), pool_, kernels_};
  last_rate_ = learning_rate(options_.schedule, step);
  last_norm_ = optimizer_.gradient_norm(context, task_.parameters());
  if (!std::isfinite(loss.loss) || !std::isfinite(last_norm_)) {
    fail("step ", step + 1, ": the ", std::isfinite(loss.loss) ? "gradient" : "loss",
         " is not a finite number, at learning rate ", last_rate_,
         "; try a lower --lr, more --warmup, or --clip 1. The best model so far is kept");
  }
  optimizer_.step(context, task_.parameters(), last_rate_, last_norm_);
}

LossSum Trainer::validate(bool whole) {
  return validate_batches(whole ? task_.validation_batches() : task_.quick_validation_batches());
}

LossSum Trainer::validate_batches(std::int64_t batches) {
  LossSum sum;
  for (std::int64_t batch = 0; batch < batches; ++batch) {
    Context context{lanes_.idle_arena(), pool_, kernels_};
    sum += task_.validate(context, batch);
  }
  return sum;
}

double Trainer::measure_step_seconds(std::int64_t steps, double seconds) {
  OptimizerMoments before = optimizer_.moments();
  // At a learning rate of 0 an update moves the moments alone; but a gradient that is no number would do harm.
  const auto rehearse = [&](std::int64_t step) {
    accumulate_gradients(step);
    Context context{lanes_.idle_arena(), pool_, kernels_};
    const double norm = optimizer_.gradient_norm(context, task_.parameters());
    if (std::isfinite(norm)) optimizer_.step(context, task_.parameters(), 0, norm);
  };
  rehearse(0);  // warms caches, arenas and threads up
  const auto start = Clock::now();
  std::int64_t done = 0;
  while (done < steps || seconds_since(start) < seconds) rehearse(done++);
  const double measured = seconds_since(start) / static_cast<double>(done);
  optimizer_.restore(std::move(before));
  return measured;
}

double Trainer::measure_evaluation_seconds(std::int64_t batches) {
  const std::int64_t all = task_.quick_validation_batches();
  batches = std::min(batches, all);
  const auto start = Clock::now();
  validate_batches(batches);
  return seconds_since(start) * static_cast<double>(all) / static_cast<double>(batches);
}

StepReport Trainer::report(const LossSum& loss) {
  const double left = static_cast<double>(options_.schedule.steps - state_.step) * state_.recent_step_seconds;
  return {state_.step, loss.mean(), static_cast<double>(loss.targets) / state_.recent_step_seconds,
          left,        last_rate_,  last_norm_};
}

bool Trainer::evaluate(TrainingObserver& observer) {
  const LossSum valid = validate(false);
  if (!std::isfinite(valid.loss)) {
    fail("step ", state_.step, ": the validation loss is not a finite number, at learning rate ", last_rate_,
         "; try a lower --lr, more --warmup, or --clip 1. The best model so far is kept");
  }
  const double seconds = state_.seconds - state_.seconds_at_evaluation;
  const auto tokens = static_cast<double>(state_.tokens - state_.tokens_at_evaluation);
  const double characters = task_.characters_per_target();
  const Evaluation row{.step = state_.step,
                       .tokens = state_.tokens,
                       .seconds = state_.seconds,
                       .train_loss = state_.since_evaluation.mean(),
                       .valid_loss = valid.mean(),
                       .valid_bits_per_character = characters > 0 ? valid.mean() / std::numbers::ln2 / characters
                                                                  : std::numeric_limits<double>::quiet_NaN(),
                       .learning_rate = last_rate_,
                       .gradient_norm = last_norm_,
                       .tokens_per_second = seconds > 0 ? tokens / seconds : 0};
  const bool is_best = row.valid_loss < state_.best_loss;
  if (is_best) {
    state_.best_loss = row.valid_loss;
    state_.best_step = state_.step;
    state_.evaluations_without_gain = 0;
  } else {
    ++state_.evaluations_without_gain;
  }
  state_.since_evaluation = {};
  state_.seconds_at_evaluation = state_.seconds;
  state_.tokens_at_evaluation = state_.tokens;
  observer.on_evaluation(row, is_best);
  return is_patience_over();
}

bool Trainer::is_patience_over() const {
  return options_.patience > 0 && state_.tokens == state_.tokens_at_evaluation &&
         state_.evaluations_without_gain >= options_.patience;
}

TrainingEnd Trainer::run(TrainingObserver& observer) {
  const auto started = Clock::now();
  while (state_.step < options_.schedule.steps) {
    const auto start = Clock::now();
    const LossSum loss = accumulate_gradients(state_.step);
    update(state_.step, loss);
    const double seconds = seconds_since(start);
    double& recent = state_.recent_step_seconds;
    recent = recent == 0 ? seconds : 0.95 * recent + 0.05 * seconds;
    ++state_.step;
    state_.tokens += loss.targets;
    state_.seconds += seconds;
    state_.since_evaluation += loss;
    observer.on_step(report(loss));

    const bool last = state_.step == options_.schedule.steps;
    const bool out_of_time = options_.time_limit > 0 && seconds_since(started) > options_.time_limit;
    const bool interrupted = observer.should_stop();
    const bool due = state_.step % options_.eval_every == 0;
    if ((due || last || out_of_time) && evaluate(observer)) return TrainingEnd::patience;
    if (options_.save_every > 0 && state_.step % options_.save_every == 0) observer.on_checkpoint(state_.step);
    if (last) break;
    if (out_of_time) return TrainingEnd::time;
    if (interrupted) return TrainingEnd::interrupted;
  }
  return TrainingEnd::steps;
}

}  // namespace attn
