#include "cli/train_tasks.h"

#include <algorithm>
#include <filesystem>

#include "base/error.h"
#include "base/suggest.h"

namespace attn {

namespace {

// Options that only some tasks have.
struct LimitedOption {
  std::string_view name;
  std::vector<std::string_view> tasks;
};

const std::vector<LimitedOption>& limited_options() {
  static const std::vector<LimitedOption> rows = {
      {"decoder-layers", {"translate"}}, {"lines", {"generate", "fill"}}, {"pooling", {"classify", "embed"}},
      {"class-weights", {"classify"}},   {"token-dropout", {"classify"}},
  };
  return rows;
}

template <class Words>
std::string joined(const Words& words, std::string_view last_separator) {
  std::string text;
  std::size_t left = std::size(words);
  for (const auto& word : words) {
    text += word;
    if (--left > 0) text += left == 1 ? last_separator : ", ";
  }
  return text;
}

void check_architecture(const TrainTaskRow& task, std::optional<Architecture> given) {
  const auto& known = task.architectures;
  if (!given || std::find(known.begin(), known.end(), *given) != known.end()) return;
  std::vector<std::string_view> names;
  for (const Architecture architecture : known) names.push_back(name_of(architecture));
  usage_error("--arch ", name_of(*given), ": attn train ", task.name, " trains ", joined(names, " or "));
}

}  // namespace

std::span<const TrainTaskRow* const> train_tasks() {
  static const TrainTaskRow* const rows[] = {&kTrainGenerate, &kTrainChat,     &kTrainTranslate,
                                             &kTrainFill,     &kTrainClassify, &kTrainEmbed};
  return rows;
}

const TrainTaskRow* find_train_task(std::string_view name) {
  for (const TrainTaskRow* row : train_tasks()) {
    if (row->name == name || (!row->alias.empty() && row->alias == name)) return row;
  }
  return nullptr;
}

const TrainTaskRow& train_task_named(const std::string& name) {
  if (const TrainTaskRow* row = find_train_task(name)) return *row;
  std::vector<std::string> names, words;
  for (const TrainTaskRow* row : train_tasks()) {
    names.emplace_back(row->name);
    words.emplace_back(row->name);
    if (!row->alias.empty()) words.emplace_back(row->alias);
  }
  const std::string meant = did_you_mean(name, words);
  if (meant.empty() && std::filesystem::exists(name)) {
    usage_error("expected a task before the data, found the file '", name, "'; to learn to continue it: attn train ",
                train_tasks().front()->name, " ", name, " --out DIR");
  }
  usage_error("expected a task, found '", name, "'", meant.empty() ? "; tasks: " + joined(names, ", ") : meant);
}

void check_task_options(const TrainTaskRow& task, const TrainOptions& options, const OptionTable& table) {
  check_architecture(task, options.architecture);
  for (const Option& option : table.options()) {
    if (option.source == Option::Source::defaults || option.write() == option.defaults) continue;
    for (const LimitedOption& limited : limited_options()) {
      if (limited.name != option.text.name || std::count(limited.tasks.begin(), limited.tasks.end(), task.name))
        continue;
      usage_error("--", option.text.name, " is for attn train ", joined(limited.tasks, " and "), "; attn train ",
                  task.name, " has no such option");
    }
  }
}

std::string describe_train_tasks(int width) {
  std::vector<std::string> heads;
  std::size_t widest = 0;
  for (const TrainTaskRow* row : train_tasks()) {
    heads.push_back(row->alias.empty() ? std::string(row->name) : concat(row->name, " (", row->alias, ")"));
    widest = std::max(widest, heads.back().size());
  }
  std::string text = "Tasks:\n";
  for (std::size_t i = 0; i < heads.size(); ++i) {
    const TrainTaskRow& row = *train_tasks()[i];
    text += concat("  ", heads[i], std::string(widest + 2 - heads[i].size(), ' '));
    text += wrapped(concat(row.data, ": ", row.model), widest + 4, width);
  }
  return text;
}

}  // namespace attn
