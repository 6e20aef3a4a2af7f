// attn doctor: is a training healthy? Looks at a trained folder, or trains for a moment on a file.

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <set>

#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "base/temporary_folder.h"
#include "cli/commands.h"
#include "cli/compute.h"
#include "cli/doctor_findings.h"
#include "cli/saved_training.h"
#include "cli/train_defaults.h"
#include "cli/train_run.h"
#include "cli/train_tasks.h"
#include "models/folder.h"
#include "models/initialize.h"

namespace attn {

namespace {

constexpr std::int64_t kTrialSteps = 150;    // of a training on a FILE, unless told otherwise
constexpr std::int64_t kOverfitSteps = 300;  // at most
constexpr double kOverfitEnough = 0.05;      // of the first loss
constexpr std::int64_t kUnitBatches = 4;

/// The task whose lines a file holds: labels that repeat before a tab, pairs of texts, or plain text.
std::string task_of(const std::string& path) {
  constexpr std::size_t kLines = 2000, kMostLabels = 50;
  std::ifstream file(path);
  std::set<std::string> firsts;
  std::size_t lines = 0;
  for (std::string line; lines < kLines && std::getline(file, line); ++lines) {
    const std::size_t tab = line.find('\t');
    if (tab == line.npos) return "generate";
    firsts.insert(line.substr(0, tab));
  }
  return firsts.size() <= kMostLabels && 4 * firsts.size() <= lines ? "classify" : "translate";
}

// What is being looked at, on a terminal, in a line that is gone afterwards.
class StatusLine {
 public:
  explicit StatusLine(const Invocation& call)
      : shows_(call.terminal.error && call.terminal.redraws && !call.common.quiet) {}
  ~StatusLine() { show(""); }
  StatusLine(const StatusLine&) = delete;
  StatusLine& operator=(const StatusLine&) = delete;
  void show(const std::string& what) const {
    if (shows_) write_to_stderr("\r\x1b[K" + what);
  }

 private:
  bool shows_;
};

struct Examination {
  TrainingTask& task;
  const ModelConfig& config;
  const TrainerOptions& options;
  ThreadPool& pool;
  const simd::Kernels& kernels;
  StatusLine status;

  /// With the weights that training begins with, which are lost. `initial`: the loss on the validation part.
  std::vector<Finding> of_the_beginning(bool started, double& initial) const {
    status.show("initial loss");
    initial = Trainer(task, options, pool, kernels).validate(false).mean();
    status.show("overfitting one batch");
    const double rate = options.schedule.learning_rate;
    const OverfitResult overfit = overfit_one_batch(task, options.optimizer, rate, kOverfitSteps, kOverfitEnough, pool,
                                                    kernels, options.precision);
    return {judge_initial_loss(initial, loss_of_ignorance(config), started), judge_overfit(overfit, rate)};
  }

  /// With the trained weights.
  void add_those_of_the_end(std::vector<Finding>& findings) const {
    findings.push_back(judge_gradients(check_gradients(task, pool, kernels, [&](std::size_t done, std::size_t all) {
      status.show(concat("gradients: tensor ", done + 1, " of ", all));
    })));
    status.show("units");
    findings.push_back(judge_units(silent_units(task, kUnitBatches, pool, kernels),
                                   config.gated ? "swiglu" : name_of(config.activation)));
    status.show("attention");
    findings.push_back(judge_heads(head_entropies(task, pool, kernels)));
  }
};

class DoctorCommand : public Command {
 public:
  void visit(OptionTable& options) override {
    options.group("Output");
    options.add(options_.json,
                {.name = "json", .help = "print every check with its figures as JSON", .in_files = false});
    options.group("Training on a FILE");
    options.add(options_.task, {.name = "task",
                                .metavar = "TASK",
                                .default_text = "by the lines",
                                .help = "that of attn train; what follows are its options too"});
    options_.visit_learning(options);
    threads_.visit(options);
    table_ = &options;
  }

  int run(Invocation& call) override {
    const std::string& path = call.arguments[0];
    std::optional<TemporaryFolder> trial;
    std::string folder = path, failure;
    if (!std::filesystem::is_directory(path)) {
      if (!std::filesystem::exists(path)) fail(path, ": is not there; expected a model's folder, or a file of texts");
      trial.emplace();
      folder = trial->path("model");
      if (const int code = train_trial(call, path, folder, failure); code != 0) return code;
    } else {
      refuse_train_options();
    }
    const std::vector<Finding> findings = examine(call, folder, failure);
    if (options_.json) {
      call.out.write(write_json(findings_json(findings), 2) + "\n");
    } else {
      const Terminal& terminal = call.terminal;
      call.out.write(
          findings_text(findings, terminal.output ? terminal.width : 100, terminal.output && terminal.color));
    }
    const bool healthy = std::none_of(findings.begin(), findings.end(),
                                      [](const Finding& finding) { return finding.verdict == Verdict::bad; });
    return healthy ? 0 : 1;
  }

 private:
  void refuse_train_options() const {
    for (const Option& option : table_->options()) {
      if (option.source == Option::Source::defaults || option.group == "Common" || option.text.name == "json") continue;
      usage_error("--", option.text.name, " is for a FILE that is to be trained on; the folder has its own options");
    }
  }

  // As attn train would, for a moment. A training that breaks down is a finding; its words are left in `failure`.
  int train_trial(Invocation& call, const std::string& path, const std::string& folder, std::string& failure) {
    if (options_.task.empty()) options_.task = task_of(path);
    const TrainTaskRow& task = train_task_named(options_.task);
    options_.task = task.name;
    options_.data = {std::filesystem::absolute(path).lexically_normal().string()};
    options_.out = folder;
    check_task_options(task, options_, *table_);
    if (!options_.steps && !options_.epochs && !options_.time) options_.steps = kTrialSteps;
    call.note("training for a moment: attn train ", task.name, " ", path,
              options_.steps ? concat(" --steps ", *options_.steps) : std::string());
    CommonOptions quiet = call.common;
    quiet.quiet = true;
    Invocation inner{"train", {}, *table_, quiet, call.out, call.terminal};
    const bool json = std::exchange(options_.json, false);
    const TrainingWatch watch{[](const Evaluation&) {}, !call.common.quiet && call.terminal.error};
    int code = 0;
    try {
      code = run_training(task, inner, options_, *table_, threads_.count(), false, &watch);
    } catch (const Error& error) {
      if (!std::filesystem::exists(join_path(folder, kTrainingStateFile))) throw;  // it never began
      failure = error.what();
    }
    options_.json = json;
    return code;
  }

  /// `failure`: what ended a trial early; empty otherwise.
  std::vector<Finding> examine(Invocation& call, const std::string& folder, const std::string& failure) const {
    SavedTrainOptions saved(folder);
    TrainOptions& options = saved.options;
    const ModelFolder model(folder);
    ModelConfig config = model.read_config();
    const std::unique_ptr<TrainRecipe> recipe = train_task_named(options.task).make();
    recipe->reopen_data(options, folder);
    const TrainerOptions trainer_options = settle_training(options, config, recipe->settle_work(options, config));
    config.dropout = 0;
    options.token_dropout = options.label_smoothing = 0;
    TrainingTask& task = recipe->build(options, config);
    Parameters& parameters = task.parameters();
    ThreadPool pool(threads_.count());
    const Examination examination{task, config, trainer_options, pool, require_kernels(), StatusLine(call)};

    initialize(parameters, config, options.seed);
    const bool started = options.from && std::filesystem::exists(*options.from);
    if (started) {
      const ModelFolder from(*options.from);
      recipe->read_start(from, config, parameters);
    }
    double initial = 0;
    std::vector<Finding> findings = examination.of_the_beginning(started, initial);
    if (!failure.empty()) {
      findings.push_back({.check = "learning",
                          .verdict = Verdict::bad,
                          .measured = failure,
                          .advice = "Training broke down: --lr is far too large, or --clip is off."});
      return findings;
    }
    model.read_weights(config, parameters.list());
    examination.add_those_of_the_end(findings);
    const std::vector<Evaluation> log = saved_log(folder);
    findings.push_back(judge_learning(log, initial));
    findings.push_back(judge_gap(log));
    return findings;
  }

  TrainOptions options_;
  ThreadOptions threads_;
  OptionTable* table_ = nullptr;
};

}  // namespace

const CommandRow kDoctorCommand = {
    .name = "doctor",
    .group = "Measure and compare",
    .arguments = "DIR|FILE",
    .least_arguments = 1,
    .most_arguments = 1,
    .summary = "is a training healthy? measured, with advice",
    .examples =
        "attn doctor play                          # a model that attn trained, of any task\n"
        "attn doctor play.txt                      # before training: tries the defaults for a moment\n"
        "attn doctor play.txt --lr 0.1             # or the options that you have in mind\n"
        "attn doctor pairs.tsv --task embed        # which task, where the file alone does not tell\n",
    .details =
        "One line a check: ok, look (worth a look) or bad, what was measured, and advice.\n"
        "\n"
        "initial loss: of the untrained model on the validation part, against ln V, that of equal probabilities.\n"
        "overfits one batch: 300 steps on one batch at most, from the beginning, at the training's own --lr, without "
        "dropout.\n"
        "gradients: of every tensor of the trained model, against the change of the loss along it (central "
        "differences).\n"
        "dead units: feed-forward units whose weights get less than a ten-thousandth of their layer's median "
        "gradient.\n"
        "attention entropy: 1 is an even spread over all keys, 0 one key alone.\n"
        "learning, generalises: the curve in training/log.csv.\n"
        "\n"
        "A FILE is trained on in a temporary folder for 150 steps, or as --steps, --epochs or --time say, with the "
        "options of attn train; lines of two columns count as classes if the first column repeats, else as a "
        "translation. DIR is only read. Exits with 0, or with 1 if a check is bad.\n",
    .make = make_command<DoctorCommand>,
};

}  // namespace attn
