#include "cli/train_run.h"

#include <filesystem>
#include <memory>
#include <optional>

#include "base/error.h"
#include "base/file.h"
#include "base/sha256.h"
#include "base/temporary_folder.h"
#include "base/version.h"
#include "cli/compute.h"
#include "cli/train_defaults.h"
#include "cli/train_probe.h"
#include "cli/train_report.h"
#include "cli/train_session.h"
#include "models/folder.h"
#include "models/initialize.h"
#include "models/layer_matrices.h"
#include "training/checkpoint.h"

namespace attn {

namespace {

// A folder that did not exist before is removed again unless its training begins: a mistake in the options leaves
// nothing behind.
class NewFolder {
 public:
  NewFolder(const std::string& path, bool overwrite) : path_(path), is_new_(!std::filesystem::exists(path)) {
    create_model_folder(path, overwrite);
  }
  ~NewFolder() {
    std::error_code ignored;
    if (is_new_) std::filesystem::remove_all(path_, ignored);
  }
  NewFolder(const NewFolder&) = delete;
  NewFolder& operator=(const NewFolder&) = delete;
  void keep() { is_new_ = false; }

 private:
  std::string path_;
  bool is_new_;
};

constexpr std::int64_t kTimingSteps = 20;
// Of the time that --time allows: the rest is for what the measurement does not see.
constexpr double kUsableTime = 0.93;

class TrainRun {
 public:
  TrainRun(const TrainTaskRow& row, Invocation& call, TrainOptions& options, OptionTable& table, int threads,
           bool resume, const TrainingWatch* watch)
      : row_(row),
        call_(call),
        options_(options),
        table_(table),
        pool_(threads),
        kernels_(require_kernels()),
        resume_(resume),
        watch_(watch),
        recipe_(row.make()) {}

  int run() {
    prepare_data();
    settle();
    build();
    if (is_finished()) {
      call_.note(options_.out, ": this training is finished, after ", trainer_->state().step,
                 " steps; --steps N with a larger N continues it");
      return 0;
    }
    if (!call_.common.quiet) tell_slow_precision();
    if (options_.time) fix_steps();
    if (options_.plan) {
      call_.out.write(describe_plan(plan_figures(), options_.json));
      return 0;
    }
    start_folder();
    if (!call_.common.quiet) describe();
    return train();
  }

 private:
  void prepare_data() {
    if (resume_) {
      recipe_->reopen_data(options_, options_.out);
      return;
    }
    if (options_.plan) {
      plan_folder_.emplace();
    } else {
      // A training that was killed before it saved its first state leaves a folder without a model.
      const bool unfinished = options_.resume && !std::filesystem::exists(join_path(options_.out, kWeightsFile));
      new_folder_.emplace(options_.out, options_.force || unfinished);
      // What an earlier training left: its checkpoints would count as newer ones of this training.
      std::filesystem::remove_all(join_path(options_.out, "training"));
    }
    recipe_->prepare_data(options_, plan_folder_ ? plan_folder_->path() : options_.out);
  }

  void settle() {
    if (options_.from && !resume_) from_.emplace(*options_.from);
    if (!from_) attn::settle(options_.architecture, row_.architectures.front());
    config_ =
        resume_ ? ModelFolder(options_.out).read_config() : recipe_->settle_model(options_, from_ ? &*from_ : nullptr);
    work_ = recipe_->settle_work(options_, config_);
    trainer_options_ = settle_training(options_, config_, work_);
    config_.dropout = *options_.dropout;
  }

  void build() {
    TrainingTask& task = recipe_->build(options_, config_);
    parameters_ = &task.parameters();
    initialize(*parameters_, config_, options_.seed);
    if (from_) recipe_->read_start(*from_, config_, *parameters_);
    if (options_.optimizer == OptimizerKind::muon) {
      trainer_options_.optimizer.muon = layer_matrices(config_, parameters_->list());
    }
    trainer_.emplace(task, trainer_options_, pool_, kernels_);
    average_.emplace(options_.average);
    if (resume_) {
      load_training_state(join_path(options_.out, kTrainingStateFile), *trainer_, *parameters_, *average_);
    }
  }

  // Patience and time may have ended it before its last step; only a new limit makes it go on.
  bool is_finished() const {
    const bool new_limit = table_.is_on_command_line(options_.steps) || table_.is_on_command_line(options_.epochs) ||
                           table_.is_on_command_line(options_.patience);
    const bool steps_left = trainer_->state().step < *options_.steps;
    return resume_ && trainer_->state().finished && !options_.time && !(steps_left && new_limit);
  }

  // --time: as many steps as fit, evaluations included; the clock can only end the training earlier.
  void fix_steps() {
    const double step = trainer_->measure_step_seconds(kTimingSteps);
    constexpr double kEvaluations = 12;
    const double evaluation = kEvaluations * trainer_->measure_evaluation_seconds(kTimingSteps);
    const double seconds = std::max(options_.time->count() * kUsableTime - evaluation, 0.3 * options_.time->count());
    options_.steps = trainer_->state().step + std::max<std::int64_t>(1, static_cast<std::int64_t>(seconds / step));
    const double limit = options_.time->count();
    options_.time.reset();
    if (!table_.is_set(options_.warmup)) options_.warmup.reset();
    if (!table_.is_set(options_.eval_every)) options_.eval_every.reset();
    settle_steps(options_, *options_.steps, work_);
    trainer_options_.schedule.steps = *options_.steps;
    trainer_options_.schedule.warmup = *options_.warmup;
    trainer_options_.eval_every = *options_.eval_every;
    trainer_options_.time_limit = limit;
    trainer_->set_options(trainer_options_);
  }

  void start_folder() {
    options_.data_sha256 = recipe_->data_sha256();
    options_.program_version = kVersion;
    options_.instruction_set = kernels_.name;
    write_file(join_path(options_.out, kTrainingOptionsFile), table_.to_file_text());
    write_file(join_path(options_.out, kConfigFile), config_to_json(config_));
    recipe_->save_files(options_.out, config_);
  }

  void tell_slow_precision() const {
    if (options_.precision != Precision::bf16 || kernels_.bf16_instruction) return;
    call_.note("attn: --precision bf16 saves no time here: this processor (", kernels_.name,
               ") multiplies bfloat16 no faster than f32");
  }

  void describe() {
    const TrainerState& state = trainer_->state();
    // A training that goes on knows; measuring would need a copy of its moments.
    const double step_seconds =
        state.recent_step_seconds > 0 ? state.recent_step_seconds : trainer_->measure_step_seconds(3);
    const double seconds = step_seconds * static_cast<double>(*options_.steps - state.step);
    call_.note(recipe_->describe_data());
    call_.note(describe_model(config_, parameters_->count()));
    call_.note(describe_training(options_, work_, seconds, pool_.threads(), kernels_.name));
    if (resume_) call_.note("continuing at step ", state.step);
  }

  PlanFigures plan_figures() {
    constexpr double kSeconds = 2;  // steps may be short, batches of lines differ, and machines are not steady
    const double seconds = trainer_->measure_step_seconds(5, kSeconds);
    trainer_->measure_evaluation_seconds(1);  // it needs memory too
    const auto averaged = static_cast<std::int64_t>(sizeof(float)) * options_.average * parameters_->size();
    return {parameters_->count(), peak_memory_bytes() + averaged, 1000 * seconds, *options_.steps};
  }

  int train() {
    SessionPlan plan{.folder = options_.out,
                     .config = config_,
                     .options = options_,
                     .save_files = [this](const std::string& folder) { recipe_->save_files(folder, config_); },
                     .sample = [this] { return recipe_->sample(kernels_, pool_); },
                     .probe = {},
                     .restore_film = {},
                     .evaluated = {},
                     .pages = pages_plan()};
    std::optional<AttentionProbe> probe;
    if (options_.probe) {
      probe.emplace(join_path(options_.out, "training/probe.csv"), trainer_->state().step,
                    recipe_->open_probe(*options_.probe));
      plan.probe = [&](std::int64_t step) { return probe->append(step, kernels_, pool_); };
      plan.restore_film = [&](AttentionFilm& film) { probe->restore(film, kernels_, pool_); };
    }
    if (watch_ != nullptr) plan.evaluated = watch_->evaluated;
    const bool quiet = watch_ != nullptr ? !watch_->shows_progress : call_.common.quiet;
    TrainSession session(std::move(plan), *trainer_, *parameters_, *average_, call_.terminal, quiet);
    if (new_folder_) new_folder_->keep();
    if (const int code = session.run(); code != 0) {
      call_.note("stopped at step ", trainer_->state().step, "; everything is saved. To continue: attn train --resume ",
                 options_.out);
      return code;
    }
    report(session.result());
    return 0;
  }

  // Of the data only the files' names: where they lie is nobody's business who gets the page.
  PagesPlan pages_plan() const {
    PagesPlan plan;
    plan.title = concat("attn train ", row_.name);
    for (const std::string& path : options_.data) {
      plan.title += " " + std::filesystem::path(path).filename().string();
    }
    plan.facts = {recipe_->describe_data(), describe_model(config_, parameters_->count())};
    for (const Option& option : table_.options()) {
      if (!option.text.in_files || option.text.name == "data" || option.text.name == "config") continue;
      for (const std::string& value : option.write()) plan.options.emplace_back(option.text.name, value);
    }
    if (options_.probe) plan.probe = *options_.probe;
    return plan;
  }

  void report(const TrainSession::Result& result) {
    const TrainerState state = trainer_->state();
    trainer_.reset();  // so that the last look at the model needs no memory beyond that of training
    const double bits = bits_per_character(result.best, recipe_->valid_characters());
    call_.note(describe_result(result, state, bits));
    if (const std::string line = recipe_->describe_best(kernels_, pool_); !line.empty()) call_.note(line);
    if (options_.json) {
      call_.out.write(result_json(result, state, bits, parameters_->count(),
                                  sha256_of_file(join_path(options_.out, kWeightsFile))));
    }
    call_.note(join_path(options_.out, kTrainingReportFile), ": the training as a page for the browser");
    call_.note(options_.out, ": model, tokenizer and training state. Next: attn ", row_.name, " ", options_.out);
  }

  const TrainTaskRow& row_;
  Invocation& call_;
  TrainOptions& options_;
  OptionTable& table_;
  ThreadPool pool_;
  const simd::Kernels& kernels_;
  bool resume_;
  const TrainingWatch* watch_;  // or null
  std::optional<TemporaryFolder> plan_folder_;
  std::optional<NewFolder> new_folder_;
  std::unique_ptr<TrainRecipe> recipe_;
  std::optional<ModelFolder> from_;  // unless resuming
  ModelConfig config_;
  TrainingWork work_;
  TrainerOptions trainer_options_;
  Parameters* parameters_ = nullptr;
  std::optional<Trainer> trainer_;
  std::optional<CheckpointAverage> average_;
};

}  // namespace

int run_training(const TrainTaskRow& task, Invocation& call, TrainOptions& options, OptionTable& table, int threads,
                 bool resume, const TrainingWatch* watch) {
  return TrainRun(task, call, options, table, threads, resume, watch).run();
}

}  // namespace attn
