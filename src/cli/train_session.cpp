#include "cli/train_session.h"

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <utility>

#include "base/error.h"
#include "base/file.h"
#include "models/folder.h"
#include "training/checkpoint.h"

namespace attn {

namespace {

constexpr std::string_view kCheckpointPrefix = "step-";

}  // namespace

std::string checkpoint_folder(const std::string& folder, std::int64_t step) {
  return concat(folder, "/training/", kCheckpointPrefix, step);
}

void prune_checkpoints(const std::string& folder, int keep) {
  std::vector<std::int64_t> steps;
  for (const auto& entry : std::filesystem::directory_iterator(join_path(folder, "training"))) {
    const std::string name = entry.path().filename().string();
    std::int64_t step = 0;
    if (!name.starts_with(kCheckpointPrefix)) continue;
    const char* end = name.data() + name.size();
    if (std::from_chars(name.data() + kCheckpointPrefix.size(), end, step).ptr == end) steps.push_back(step);
  }
  std::sort(steps.rbegin(), steps.rend());
  for (std::size_t i = static_cast<std::size_t>(keep); i < steps.size(); ++i) {
    std::filesystem::remove_all(checkpoint_folder(folder, steps[i]));
  }
}

TrainSession::TrainSession(SessionPlan plan, Trainer& trainer, Parameters& parameters, CheckpointAverage& average,
                           const Terminal& terminal, bool quiet)
    : plan_(std::move(plan)),
      trainer_(trainer),
      parameters_(parameters),
      average_(average),
      log_(path_of(kTrainingLogFile), trainer.state().step),
      pages_(plan_.folder, plan_.pages, trainer.state().step),
      progress_(terminal, quiet, trainer.options().schedule.steps) {
  if (plan_.restore_film) plan_.restore_film(pages_.film());
  const std::int64_t every = plan_.options.sample_every;
  if (every > 0) next_sample_ = (trainer.state().step / every + 1) * every;
}

std::string TrainSession::path_of(std::string_view name) const {
  return join_path(plan_.folder, name);
}

void TrainSession::save_state() {
  save_training_state(path_of(kTrainingStateFile), trainer_, parameters_, average_);
}

void TrainSession::save_weights(const std::string& folder) {
  save_model(folder, plan_.config, parameters_.list());
}

void TrainSession::on_step(const StepReport& report) {
  progress_.step(report);
}

void TrainSession::on_evaluation(const Evaluation& row, bool is_best) {
  result_.last_row = row;
  progress_.evaluation(row, is_best);
  if (plan_.evaluated) plan_.evaluated(row);
  log_.append(row);
  // The better model first: if the program is killed in between, resuming finds it again from the older state.
  if (is_best) save_weights(plan_.folder);
  average_.add(parameters_);
  save_state();
  pages_.add(row);
  if (plan_.probe) pages_.film().add(row.step, plan_.probe(row.step));
  if (plan_.sample && plan_.options.sample_every > 0 && row.step >= next_sample_) {
    next_sample_ = (row.step / plan_.options.sample_every + 1) * plan_.options.sample_every;
    if (const std::string text = plan_.sample(); !text.empty()) {
      progress_.sample(text);
      pages_.add_sample(row.step, text);
    }
  }
  pages_.write(false);
}

void TrainSession::on_checkpoint(std::int64_t step) {
  const std::string folder = checkpoint_folder(plan_.folder, step);
  make_directories(folder);
  save_weights(folder);
  plan_.save_files(folder);
  prune_checkpoints(plan_.folder, plan_.options.keep);
}

int TrainSession::run() {
  // From now on there is always a state to resume from, older than any model that is saved.
  const bool was_finished = std::exchange(trainer_.state().finished, false);
  if (was_finished || trainer_.state().step == 0) save_state();
  // One that its patience ended, but that was killed before it had chosen its model, only chooses it.
  const bool chooses = !was_finished && trainer_.is_patience_over();
  result_.end = chooses ? TrainingEnd::patience : trainer_.run(*this);
  progress_.close();
  pages_.write(true);
  if (result_.end == TrainingEnd::interrupted) {
    if (trainer_.state().best_step == 0) save_weights(plan_.folder);
    save_state();
    return interrupts_.exit_code();
  }
  finish();
  return 0;
}

void TrainSession::finish() {
  if (result_.last_row.step == 0) {  // killed after its last evaluation and resumed
    const std::vector<Evaluation> rows = read_training_log(path_of(kTrainingLogFile));
    if (!rows.empty()) result_.last_row = rows.back();
  }
  // The state keeps the last parameters, not the chosen ones; the gradients' memory holds them meanwhile.
  std::copy_n(parameters_.values(), parameters_.size(), parameters_.gradients());
  result_.last = trainer_.validate(true);
  result_.best = result_.last;
  const TrainerState& state = trainer_.state();
  if (state.best_step != state.step) {
    ModelFolder(plan_.folder).read_weights(plan_.config, parameters_.list());
    result_.best = trainer_.validate(true);
  }
  if (!average_.models().empty()) try_average();
  mark_finished();
}

// Not before the model is chosen: a training that is killed before that chooses it when it is resumed.
void TrainSession::mark_finished() {
  const auto swap_with_last = [this] {
    std::swap_ranges(parameters_.values(), parameters_.values() + parameters_.size(), parameters_.gradients());
  };
  trainer_.state().finished = true;
  swap_with_last();
  save_state();
  swap_with_last();
}

void TrainSession::try_average() {
  average_.write_mean(parameters_);
  const LossSum loss = trainer_.validate(true);
  if (loss.mean() < result_.best.mean()) {
    result_.best = loss;
    result_.averaged = true;
    save_weights(plan_.folder);
  } else {
    ModelFolder(plan_.folder).read_weights(plan_.config, parameters_.list());
  }
}

}  // namespace attn
