// attn verify: trains a model again from its options and compares every evaluation as it comes, then the model, bit for bit.

#include <algorithm>
#include <bit>
#include <cmath>
#include <filesystem>

#include "base/error.h"
#include "base/file.h"
#include "base/sha256.h"
#include "base/temporary_folder.h"
#include "cli/commands.h"
#include "cli/compute.h"
#include "cli/saved_training.h"
#include "cli/train_run.h"
#include "cli/train_tasks.h"
#include "models/safetensors.h"

namespace attn {

namespace {

struct ComparedColumn {
  std::string_view name;
  double Evaluation::*value;
};
// What a clock decides is left out.
constexpr ComparedColumn kColumns[] = {{"train_loss", &Evaluation::train_loss},
                                       {"valid_loss", &Evaluation::valid_loss},
                                       {"valid_bits_per_character", &Evaluation::valid_bits_per_character},
                                       {"learning_rate", &Evaluation::learning_rate},
                                       {"gradient_norm", &Evaluation::gradient_norm}};

bool same(double a, double b) {
  return a == b || (std::isnan(a) && std::isnan(b));
}

template <class Number>
std::string digits(Number value) {
  std::string text;
  append_number(text, value);
  return text;
}

/// Thrown at the first evaluation that is not what it was.
struct Difference {
  std::string text;
};

/// Compares the evaluations of a training that runs with those of the first time, each as it comes.
class LogComparison {
 public:
  explicit LogComparison(std::vector<Evaluation> before) : before_(std::move(before)) {}

  /// Throws Difference.
  void add(const Evaluation& now) {
    if (same_ == before_.size()) differ(now.step, "this evaluation was not there before");
    const Evaluation& before = before_[same_];
    if (before.step != now.step) differ(before.step, concat("this evaluation is now at step ", now.step));
    for (const auto& [name, value] : kColumns) {
      if (same(before.*value, now.*value)) continue;
      differ(now.step, concat(name, " was ", digits(before.*value), ", is now ", digits(now.*value)));
    }
    ++same_;
  }

  /// Throws Difference if evaluations are missing.
  void finish() const {
    if (same_ < before_.size()) differ(before_[same_].step, "the training ended before it");
  }

 private:
  [[noreturn]] void differ(std::int64_t step, std::string_view how) const {
    const std::string until =
        same_ > 0 ? concat(" (all is the same up to step ", before_[same_ - 1].step, ")") : std::string();
    throw Difference{concat("differs at step ", step, ": ", how, until)};
  }

  std::vector<Evaluation> before_;
  std::size_t same_ = 0;  // so many from the first
};

/// The first number of the weights that differs, in words; empty if the files are the same.
std::string weights_difference(const std::string& before_path, const std::string& now_path) {
  if (sha256_of_file(before_path) == sha256_of_file(now_path)) return "";
  const SafetensorsFile before(before_path), now(now_path);
  for (const TensorEntry& entry : before.tensors()) {
    const TensorEntry* const other = now.find(entry.name);
    if (other == nullptr || other->shape != entry.shape) return concat(entry.name, " has another shape");
    const auto count = static_cast<std::size_t>(entry.count());
    std::vector<float> old_values(count), new_values(count);
    before.read_floats(entry, old_values);
    now.read_floats(*other, new_values);
    const auto [was, is] = std::ranges::mismatch(old_values, new_values, [](float a, float b) {
      return std::bit_cast<std::uint32_t>(a) == std::bit_cast<std::uint32_t>(b);
    });
    if (was == old_values.end()) continue;
    return concat("number ", was - old_values.begin(), " of ", entry.name, " was ", digits(*was), ", is now ",
                  digits(*is));
  }
  return "the numbers are the same, but not the file";
}

void check_file(const std::string& path, const std::string& expected) {
  if (!std::filesystem::exists(path)) fail(path, ": is not there; the training needs these data to be repeated");
  const std::string found = sha256_of_file(path);
  if (found != expected) {
    fail(path, ": has changed since the training: SHA-256 is ", found, ", expected ", expected);
  }
}

class VerifyCommand : public Command {
 public:
  void visit(OptionTable& options) override { threads_.visit(options); }

  int run(Invocation& call) override {
    const std::string& folder = call.arguments[0];
    SavedTrainOptions saved(folder);
    TrainOptions& options = saved.options;
    const std::string saved_instruction_set = options.instruction_set;
    const std::vector<Evaluation> before = saved_log(folder);
    check_data(options);
    check_finished(options, before, folder);
    options.sample_every = options.save_every = 0;  // they change nothing, and cost time
    options.probe.reset();

    const TemporaryFolder temporary;
    options.out = temporary.path("model");
    call.note("training ", *options.steps, " steps again; they took ",
              static_cast<std::int64_t>(std::lround(before.back().seconds)), " seconds, evaluations apart");
    try {
      if (const int code = train_again(call, options, saved.table, before); code != 0) return code;
      const std::string difference =
          weights_difference(join_path(folder, kWeightsFile), join_path(options.out, kWeightsFile));
      if (!difference.empty()) throw Difference{concat("differs in ", kWeightsFile, ": ", difference)};
    } catch (const Difference& difference) {
      call.out.write(concat(difference.text, "\n"));
      if (saved_instruction_set != require_kernels().name) explain(call, saved_instruction_set);
      return 1;
    }
    call.out.write(concat("reproduced: ", before.size(), " evaluations and ", kWeightsFile, " are the same bits\n"));
    return 0;
  }

 private:
  // With the live picture or a line an evaluation; all else that a training says is about a model that stays.
  int train_again(Invocation& call, TrainOptions& options, OptionTable& table,
                  const std::vector<Evaluation>& before) const {
    CommonOptions quiet = call.common;
    quiet.quiet = true;
    Invocation inner{"train", {}, table, quiet, call.out, call.terminal};
    LogComparison comparison(before);
    const TrainingWatch watch{[&](const Evaluation& row) { comparison.add(row); }, !call.common.quiet};
    const TrainTaskRow& task = train_task_named(options.task);
    const int code = run_training(task, inner, options, table, threads_.count(), false, &watch);
    if (code == 0) comparison.finish();
    return code;
  }

  static void explain(Invocation& call, const std::string& instruction_set) {
    call.note("the model was trained with ", instruction_set, ", this was ", require_kernels().name,
              ": results are the same bits only on one instruction set; ATTN_SIMD=", instruction_set, " chooses it");
  }

  static void check_data(const TrainOptions& options) {
    std::vector<std::string> files = options.data;
    if (options.valid) files.push_back(*options.valid);
    if (files.size() != options.data_sha256.size()) {
      fail(kTrainingOptionsFile, ": ", files.size(), " files of data, but ", options.data_sha256.size(), " SHA-256");
    }
    for (std::size_t i = 0; i < files.size(); ++i) check_file(files[i], options.data_sha256[i]);
    if (options.from && !std::filesystem::exists(*options.from)) {
      fail(*options.from, ": is not there; the training started from this model");
    }
  }

  static void check_finished(const TrainOptions& options, const std::vector<Evaluation>& rows,
                             const std::string& folder) {
    if (options.steps && (rows.back().step >= *options.steps || options.patience > 0)) return;
    fail(folder, ": the training stands at step ", rows.back().step, " of ", options.steps.value_or(0),
         "; only a finished one can be compared: attn train --resume ", folder);
  }

  ThreadOptions threads_;
};

}  // namespace

const CommandRow kVerifyCommand = {
    .name = "verify",
    .group = "Measure and compare",
    .arguments = "DIR",
    .least_arguments = 1,
    .most_arguments = 1,
    .summary = "train again from the saved options and compare bit for bit",
    .examples = "attn verify play       # 'reproduced', or the first step that differs",
    .details =
        "Trains in a temporary folder with DIR/training/options.conf, and compares every row of training/log.csv but "
        "for the "
        "times as soon as it is there; the first that differs ends it. At the end the bits of model.safetensors are "
        "compared. DIR is only read. The data must be where they were, with the same SHA-256. Exits with 0 if all is "
        "the "
        "same, else with 1.\n",
    .make = make_command<VerifyCommand>,
};  // namespace attn

}  // namespace attn
