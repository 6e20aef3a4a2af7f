// attn verify: trains a model again from its options and compares every evaluation and the model, bit for bit.

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

std::string digits(double value) {
  std::string text;
  append_number(text, value);
  return text;
}

/// The first evaluation that differs, in words; empty if there is none.
std::string first_difference(const std::vector<Evaluation>& before, const std::vector<Evaluation>& now) {
  for (std::size_t i = 0; i < before.size() && i < now.size(); ++i) {
    if (before[i].step != now[i].step) {
      return concat("differs: an evaluation after step ", before[i].step, " is now after step ", now[i].step);
    }
    for (const auto& [name, value] : kColumns) {
      if (same(before[i].*value, now[i].*value)) continue;
      return concat("differs from step ", before[i].step, " on: ", name, " was ", digits(before[i].*value), ", is now ",
                    digits(now[i].*value));
    }
  }
  if (before.size() != now.size()) {
    return concat("differs: ", before.size(), " evaluations before, ", now.size(), " now");
  }
  return "";
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
    const std::string path = join_path(folder, kTrainingOptionsFile);
    if (!std::filesystem::exists(path))
      fail(folder, ": holds no ", kTrainingOptionsFile, "; expected a model that attn trained");
    TrainOptions options;
    OptionTable table;
    options.visit(table);
    ThreadOptions saved_threads;
    saved_threads.visit(table);
    table.read_file_text(read_file(path), path);
    const std::vector<Evaluation> before = saved_log(folder);
    check_data(options);
    check_finished(options, before, folder);
    options.sample_every = options.save_every = 0;  // they change nothing, and cost time
    options.probe.reset();

    const TemporaryFolder temporary;
    options.out = temporary.path("model");
    call.note("training ", *options.steps, " steps again; they took ",
              static_cast<std::int64_t>(std::lround(before.back().seconds)), " seconds, evaluations apart");
    CommonOptions quiet = call.common;
    quiet.quiet = true;
    Invocation inner{"train", {}, table, quiet, call.out, call.terminal};
    const TrainTaskRow& task = train_task_named(options.task);
    if (const int code = run_training(task, inner, options, table, threads_.count(), false); code != 0) return code;
    return compare(call, folder, options, before);
  }

 private:
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

  static int compare(Invocation& call, const std::string& folder, const TrainOptions& options,
                     const std::vector<Evaluation>& before) {
    std::string difference = first_difference(before, saved_log(options.out));
    if (difference.empty() &&
        sha256_of_file(join_path(folder, kWeightsFile)) != sha256_of_file(join_path(options.out, kWeightsFile))) {
      difference = concat("differs: all ", before.size(), " evaluations are the same, but ", kWeightsFile, " is not");
    }
    if (difference.empty()) {
      call.out.write(concat("reproduced: ", before.size(), " evaluations and ", kWeightsFile, " are the same bits\n"));
      return 0;
    }
    call.out.write(difference + "\n");
    const char* const here = require_kernels().name;
    TrainOptions saved;
    OptionTable table;
    saved.visit(table);
    ThreadOptions threads;
    threads.visit(table);
    const std::string path = join_path(folder, kTrainingOptionsFile);
    table.read_file_text(read_file(path), path);
    if (saved.instruction_set != here) {
      call.note("the model was trained with ", saved.instruction_set, ", this was ", here,
                ": results are the same bits only on one instruction set; ATTN_SIMD=", saved.instruction_set,
                " chooses it");
    }
    return 1;
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
    .examples = "attn verify play       # 'reproduced', or the first step that differs\n",
    .details =
        "Trains in a temporary folder with DIR/training/options.conf, as long as the first time, and compares every "
        "row of training/log.csv but for the times, and the bits of model.safetensors. DIR is only read. The data must "
        "be where they were, with the same SHA-256. Exits with 0 if all is the same, else with 1.\n",
    .make = make_command<VerifyCommand>,
};  // namespace attn

}  // namespace attn
