#include "cli/train_language.h"

#include <filesystem>
#include <memory>
#include <optional>

#include "base/error.h"
#include "base/file.h"
#include "base/sha256.h"
#include "base/temporary_folder.h"
#include "base/version.h"
#include "cli/compute.h"
#include "cli/train_data.h"
#include "cli/train_defaults.h"
#include "cli/train_probe.h"
#include "cli/train_report.h"
#include "cli/train_session.h"
#include "generation/sample_text.h"
#include "models/decoder.h"
#include "models/folder.h"
#include "models/initialize.h"
#include "training/checkpoint.h"
#include "training/language_task.h"

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

class LanguageTraining {
 public:
  LanguageTraining(Invocation& call, TrainOptions& options, OptionTable& table, int threads, bool resume)
      : call_(call), options_(options), table_(table), pool_(threads), kernels_(require_kernels()), resume_(resume) {}

  int run() {
    prepare_data();
    settle();
    build();
    if (is_finished()) {
      call_.note(options_.out, ": this training is finished, after ", trainer_->state().step,
                 " steps; --steps N with a larger N continues it");
      return 0;
    }
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
      data_.emplace(LanguageData::reopen(options_, options_.out));
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
    data_.emplace(LanguageData::prepare(options_, plan_folder_ ? plan_folder_->path() : options_.out));
  }

  void settle() {
    const DataSize size{data_->vocabulary(), data_->train().size()};
    if (resume_) {
      config_ = ModelFolder(options_.out).read_config();
    } else if (options_.from) {
      config_ = ModelFolder(*options_.from).read_config();
      adopt_model(options_, config_, size);
    } else {
      config_ = settle_model(options_, size);
      config_.begin_id = config_.end_id = data_->end_id();
    }
    trainer_options_ = settle_training(options_, config_, size);
    config_.dropout = *options_.dropout;
  }

  void build() {
    model_.emplace(config_);
    initialize(model_->parameters(), config_, options_.seed);
    if (options_.from && !resume_) ModelFolder(*options_.from).read_weights(config_, model_->parameters().list());
    task_.emplace(*model_, data_->train(), data_->valid(),
                  LanguageTaskOptions{.batch = *options_.batch,
                                      .context = *options_.context,
                                      .label_smoothing = static_cast<float>(options_.label_smoothing),
                                      .seed = options_.seed,
                                      .eval_batches = options_.eval_batches,
                                      .valid_characters = static_cast<double>(data_->summary().valid.characters)});
    trainer_.emplace(*task_, trainer_options_, pool_, kernels_);
    average_.emplace(options_.average);
    if (resume_) {
      load_training_state(join_path(options_.out, kTrainingStateFile), *trainer_, model_->parameters(), *average_);
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
    const double tokens_per_step = static_cast<double>(*options_.batch * *options_.context * options_.accumulate);
    constexpr double kEvaluations = 12, kForwardShare = 0.35;
    const double quick = static_cast<double>(task_->quick_validation_batches() * *options_.batch * *options_.context);
    const double evaluation = kEvaluations * quick / tokens_per_step * step * kForwardShare;
    const double seconds = std::max(options_.time->count() * kUsableTime - evaluation, 0.3 * options_.time->count());
    options_.steps = trainer_->state().step + std::max<std::int64_t>(1, static_cast<std::int64_t>(seconds / step));
    const double limit = options_.time->count();
    options_.time.reset();
    if (!table_.is_set(options_.warmup)) options_.warmup.reset();
    if (!table_.is_set(options_.eval_every)) options_.eval_every.reset();
    settle_steps(options_, *options_.steps);
    trainer_options_.schedule.steps = *options_.steps;
    trainer_options_.schedule.warmup = *options_.warmup;
    trainer_options_.eval_every = *options_.eval_every;
    trainer_options_.time_limit = limit;
    trainer_->set_options(trainer_options_);
  }

  void start_folder() {
    options_.data_sha256 = data_->summary().sha256;
    options_.program_version = kVersion;
    options_.instruction_set = kernels_.name;
    write_file(join_path(options_.out, kTrainingOptionsFile), table_.to_file_text());
    write_file(join_path(options_.out, kConfigFile), config_to_json(config_));
    save_tokenizer_files(options_.out);
  }

  void save_tokenizer_files(const std::string& folder) {
    SpecialTokenNames names;
    if (data_->end_id()) names.begin = names.end = std::string(kEndOfText);
    save_tokenizer(folder, config_, data_->tokenizer().to_json(), names);
  }

  void describe() {
    const double seconds =
        trainer_->measure_step_seconds(3) * static_cast<double>(*options_.steps - trainer_->state().step);
    call_.note(describe_data(data_->summary(), data_->vocabulary(), data_->tokenizer().kind()));
    call_.note(describe_model(config_, model_->parameters().count()));
    call_.note(describe_training(options_, data_->train().size(), seconds, pool_.threads(), kernels_.name));
    if (resume_) call_.note("continuing at step ", trainer_->state().step);
  }

  PlanFigures plan_figures() {
    const double seconds = trainer_->measure_step_seconds(5);
    return {model_->parameters().count(), peak_memory_bytes(), 1000 * seconds, *options_.steps};
  }

  int train() {
    SessionPlan plan{.folder = options_.out,
                     .config = config_,
                     .options = options_,
                     .save_tokenizer = [this](const std::string& folder) { save_tokenizer_files(folder); },
                     .sample = [this] { return sample_text(*model_, data_->tokenizer(), kernels_, pool_); },
                     .probe = {}};
    std::optional<AttentionProbe> probe;
    if (options_.probe) {
      probe.emplace(join_path(options_.out, "training/probe.csv"), trainer_->state().step, *options_.probe,
                    data_->tokenizer(), config_);
      plan.probe = [&](std::int64_t step) { probe->append(step, *model_, kernels_, pool_); };
    }
    TrainSession session(std::move(plan), *trainer_, model_->parameters(), *average_, call_.terminal,
                         call_.common.quiet);
    if (new_folder_) new_folder_->keep();
    const int code = session.run();
    if (code != 0) return code;
    report(session.result());
    return 0;
  }

  void report(const TrainSession::Result& result) {
    const double bits = bits_per_character(result.best, data_->summary().valid.characters);
    call_.note(describe_result(result, trainer_->state(), bits));
    if (options_.json) {
      call_.out.write(result_json(result, trainer_->state(), bits, model_->parameters().count(),
                                  sha256_of_file(join_path(options_.out, kWeightsFile))));
    }
    call_.note(options_.out, ": model, tokenizer and training state. Next: attn generate ", options_.out);
  }

  Invocation& call_;
  TrainOptions& options_;
  OptionTable& table_;
  ThreadPool pool_;
  const simd::Kernels& kernels_;
  bool resume_;
  std::optional<TemporaryFolder> plan_folder_;
  std::optional<NewFolder> new_folder_;
  std::optional<LanguageData> data_;
  ModelConfig config_;
  TrainerOptions trainer_options_;
  std::optional<DecoderModel> model_;
  std::optional<LanguageTask> task_;
  std::optional<Trainer> trainer_;
  std::optional<CheckpointAverage> average_;
};

}  // namespace

int train_language_model(Invocation& call, TrainOptions& options, OptionTable& table, int threads, bool resume) {
  return LanguageTraining(call, options, table, threads, resume).run();
}

}  // namespace attn
