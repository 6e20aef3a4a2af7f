#pragma once
// One training of a model in its folder: shows progress, logs, and saves what the trainer reports. Serves every task.

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "cli/console.h"
#include "cli/progress.h"
#include "cli/signals.h"
#include "cli/train_options.h"
#include "cli/training_pages.h"
#include "models/config.h"
#include "training/averaging.h"
#include "training/log.h"
#include "training/trainer.h"

namespace attn {

/// What a session saves and shows.
struct SessionPlan {
  std::string folder;
  ModelConfig config;
  const TrainOptions& options;
  /// Writes what a model folder holds beside configuration and weights.
  std::function<void(const std::string& folder)> save_files;
  /// A short text that the model as it is makes; may be empty.
  std::function<std::string()> sample;
  /// Appends the attention of the --probe text as of this step, and returns it; may be empty.
  std::function<TracedText(std::int64_t step)> probe;
  /// Adds the attention of earlier steps to the film of a resumed training; may be empty.
  std::function<void(AttentionFilm& film)> restore_film;
  /// Called after every evaluation; may be empty, and may throw to end the training.
  std::function<void(const Evaluation& row)> evaluated;
  PagesPlan pages;
};

class TrainSession : public TrainingObserver {
 public:
  TrainSession(SessionPlan plan, Trainer& trainer, Parameters& parameters, CheckpointAverage& average,
               const Terminal& terminal, bool quiet);

  /// Trains to the end, or until a signal; the state is saved in both cases. Returns the signal's exit code or 0.
  int run();

  /// Losses over the whole validation part once training has ended; the parameters are then those of the best model.
  struct Result {
    Evaluation last_row;
    LossSum last, best;
    TrainingEnd end = TrainingEnd::steps;
    bool averaged = false;  // the average of the last models was the best
  };
  const Result& result() const { return result_; }

  void on_step(const StepReport& report) override;
  void on_evaluation(const Evaluation& row, bool is_best) override;
  void on_checkpoint(std::int64_t step) override;
  bool should_stop() override { return interrupts_.received() != 0; }

 private:
  std::string path_of(std::string_view name) const;
  void save_state();
  void save_weights(const std::string& folder);
  void finish();
  void try_average();
  void mark_finished();

  SessionPlan plan_;
  Trainer& trainer_;
  Parameters& parameters_;
  CheckpointAverage& average_;
  TrainingLog log_;
  TrainingPages pages_;
  Progress progress_;
  Interrupts interrupts_;
  std::int64_t next_sample_ = 0;
  Result result_;
};

/// The folder that holds kept checkpoint `step`.
std::string checkpoint_folder(const std::string& folder, std::int64_t step);
/// Deletes all but the newest `keep` checkpoints training/step-N.
void prune_checkpoints(const std::string& folder, int keep);

}  // namespace attn
