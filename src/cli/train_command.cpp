// attn train: from texts to a model folder.

#include <filesystem>

#include "base/error.h"
#include "base/file.h"
#include "cli/commands.h"
#include "cli/saved_training.h"
#include "cli/train_run.h"
#include "cli/train_tasks.h"
#include "models/folder.h"

namespace attn {

namespace {

bool may_differ_on_resume(const Option& option) {
  constexpr std::string_view kNames[] = {"steps", "epochs", "time", "task", "data"};
  if (option.group == "Common" || option.group == "Run" || option.group == "Evaluation and saving") return true;
  return std::find(std::begin(kNames), std::end(kNames), option.text.name) != std::end(kNames);
}

std::string shown(const std::vector<std::string>& values) {
  std::string text;
  for (const std::string& value : values) text += (text.empty() ? "" : ", ") + value;
  return text.empty() ? "nothing" : text;
}

class TrainCommand : public Command {
 public:
  void visit(OptionTable& options) override {
    options_.visit(options);
    threads_.visit(options);
    table_ = &options;
  }

  int run(Invocation& call) override {
    place_arguments(call.arguments);
    const bool saved = options_.resume && !options_.out.empty() && has_state();
    if (saved) read_saved_options();
    if (options_.task.empty()) usage_error("expected a task: attn train generate FILE --out DIR");
    const TrainTaskRow& task = train_task_named(options_.task);
    options_.task = task.name;
    if (options_.data.empty()) {
      usage_error("attn train ", task.name, ": expected at least one file of ", task.data, ": ", task.example,
                  " --out DIR");
    }
    if (options_.out.empty() && !options_.plan) usage_error("--out DIR is missing: the folder for the model");
    check_task_options(task, options_, *table_);
    if (!saved) make_paths_absolute();
    return run_training(task, call, options_, *table_, threads_.count(), saved);
  }

 private:
  // TASK DATA…, or, with --resume, the folder alone.
  void place_arguments(const std::vector<std::string>& arguments) {
    if (arguments.empty()) return;
    if (options_.resume && arguments.size() == 1 && options_.out.empty() && !find_train_task(arguments[0])) {
      options_.out = arguments[0];
      if (!has_state()) fail(options_.out, ": holds no saved training (", kTrainingStateFile, ")");
      return;
    }
    options_.task = arguments[0];
    if (arguments.size() > 1) options_.data.assign(arguments.begin() + 1, arguments.end());
  }

  bool has_state() const { return std::filesystem::exists(join_path(options_.out, kTrainingStateFile)); }

  // The options of the training that is continued. Only some may be changed now.
  void read_saved_options() {
    const std::string path = join_path(options_.out, kTrainingOptionsFile);
    const SavedTrainOptions saved(options_.out);
    for (const Option& option : table_->options()) {
      if (option.source == Option::Source::defaults || may_differ_on_resume(option)) continue;
      for (const Option& other : saved.table.options()) {
        if (other.text.name != option.text.name || other.write() == option.write()) continue;
        usage_error("--", option.text.name, " ", shown(option.write()), " differs from the training that ",
                    options_.out, " holds (", shown(other.write()), "); a resumed training keeps it");
      }
    }
    const bool new_length = table_->is_set(options_.epochs) || table_->is_set(options_.time);
    table_->read_file_text(read_file(path), path);
    if (new_length) options_.steps.reset();
  }

  // So that the training can be repeated from anywhere.
  void make_paths_absolute() {
    for (std::string& path : options_.data) path = std::filesystem::absolute(path).lexically_normal().string();
    for (auto* path : {&options_.valid, &options_.from}) {
      if (*path) *path = std::filesystem::absolute(**path).lexically_normal().string();
    }
  }

  TrainOptions options_;
  ThreadOptions threads_;
  OptionTable* table_ = nullptr;
};

}  // namespace

const CommandRow kTrainCommand{
    .name = "train",
    .group = "Train and use a model",
    .arguments = "TASK DATA… --out DIR",
    .most_arguments = kAnyNumber,
    .summary = "learn a model from texts",
    .examples =
        "attn train generate play.txt --out play                 # defaults that suit the text\n"
        "attn train generate play.txt --out play --time 10m      # as good as 10 minutes make it\n"
        "attn train generate a.txt b.txt --out ab --arch llama   # two documents, the other family\n"
        "attn train generate names.txt --lines --out names       # every line is a document\n"
        "attn train translate en-de.tsv --out en-de              # source<TAB>target lines\n"
        "attn train classify reviews.tsv --out reviews           # label<TAB>text lines\n"
        "attn train --resume play                                # continue after Ctrl-C\n",
    .details =
        "The last 10 % of each text (at most 1,000,000 characters), or 5 % of the lines with --lines, are held "
        "out to measure the loss. DIR receives the best model by this loss, and training/ with the log, the "
        "options and all that --resume needs.\n",
    .list = describe_train_tasks,
    .words =
        [] {
          std::vector<std::string> names;
          for (const TrainTaskRow* task : train_tasks()) names.emplace_back(task->name);
          return names;
        },
    .make = make_command<TrainCommand>,
};

}  // namespace attn
