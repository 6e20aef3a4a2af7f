// attn compare: a row a training, with the options in which they differ.

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "cli/commands.h"
#include "cli/saved_training.h"
#include "cli/table_output.h"

namespace attn {

namespace {

using Options = std::vector<std::pair<std::string, std::string>>;

struct Run {
  std::string path;
  Options options;
  std::vector<Evaluation> rows;
  std::int64_t parameters = 0;

  /// Null if the option was not saved.
  const std::string* option(std::string_view name) const {
    for (const auto& [other, value] : options) {
      if (other == name) return &value;
    }
    return nullptr;
  }
};

// Where things are and how they were run is no difference between trainings.
bool is_compared(std::string_view name) {
  constexpr std::string_view kLeftOut[] = {"data-sha256", "threads", "steps"};  // steps have a column of their own
  return std::find(std::begin(kLeftOut), std::end(kLeftOut), name) == std::end(kLeftOut);
}

/// Names of the options whose values differ, in the order of options.conf.
std::vector<std::string> differing_options(const std::vector<Run>& runs) {
  std::vector<std::string> names;
  for (const Run& run : runs) {
    for (const auto& [name, value] : run.options) {
      if (!is_compared(name) || std::find(names.begin(), names.end(), name) != names.end()) continue;
      const bool same = std::all_of(runs.begin(), runs.end(), [&option = name, &expected = value](const Run& other) {
        const std::string* const there = other.option(option);
        return there != nullptr && *there == expected;
      });
      if (!same) names.push_back(name);
    }
  }
  return names;
}

class CompareCommand : public Command {
 public:
  void visit(OptionTable& options) override { table_.visit(options); }

  int run(Invocation& call) override {
    std::vector<Run> runs;
    for (const std::string& path : call.arguments) {
      const ModelFolder folder(path);
      Run run{path, saved_options(folder), saved_log(path)};
      run.parameters = static_cast<std::int64_t>(std::llround(parameter_count(folder.read_config())));
      runs.push_back(std::move(run));
    }
    const std::vector<std::string> names = differing_options(runs);
    std::vector<std::string> columns = {"model"};
    columns.insert(columns.end(), names.begin(), names.end());
    for (const char* name : {"steps", "seconds", "parameters", "train_loss", "valid_loss", "best_step",
                             "best_valid_loss", "best_bits_per_character"}) {
      columns.emplace_back(name);
    }
    TableOutput output(table_, call);
    TableWriter table = output.table(columns);
    for (const Run& run : runs) write_row(table, run, names);
    table.finish();
    output.commit();
    return 0;
  }

 private:
  static void write_row(TableWriter& table, const Run& run, const std::vector<std::string>& names) {
    table.cell(run.path);
    for (const std::string& name : names) {
      if (const std::string* const value = run.option(name)) {
        table.cell(*value);
      } else {
        table.empty_cell();
      }
    }
    const Evaluation& last = run.rows.back();
    const Evaluation& best = *std::min_element(
        run.rows.begin(), run.rows.end(), [](const auto& a, const auto& b) { return a.valid_loss < b.valid_loss; });
    table.cell(last.step).cell(last.seconds).cell(run.parameters);
    table.cell(last.train_loss).cell(last.valid_loss).cell(best.step).cell(best.valid_loss);
    if (std::isnan(best.valid_bits_per_character)) {
      table.empty_cell();
    } else {
      table.cell(best.valid_bits_per_character);
    }
    table.end_row();
  }

  TableOptions table_;
};

}  // namespace

const CommandRow kCompareCommand = {
    .name = "compare",
    .group = "Measure and compare",
    .arguments = "DIR…",
    .least_arguments = 1,
    .most_arguments = kAnyNumber,
    .summary = "tell trainings apart: options that differ, time, losses",
    .examples =
        "attn compare small large               # a row a training\n"
        "attn compare runs/* --out runs.csv\n",
    .details =
        "Columns: model, every option whose value is not the same in all trainings, then steps, seconds, parameters, "
        "the last train_loss and valid_loss, and of the best evaluation best_step, best_valid_loss and "
        "best_bits_per_character, as training/log.csv has them.\n",
    .make = make_command<CompareCommand>,
};  // namespace attn

}  // namespace attn
