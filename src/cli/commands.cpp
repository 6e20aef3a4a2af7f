#include "cli/commands.h"

#include <algorithm>

#include "base/suggest.h"

namespace attn {

std::span<const CommandRow* const> commands() {
  static const CommandRow* const rows[] = {
      // Train and use a model.
      &kTrainCommand,
      &kGenerateCommand,
      &kChatCommand,
      &kTranslateCommand,
      &kFillCommand,
      &kClassifyCommand,
      &kEmbedCommand,
      &kSearchCommand,
      // Look inside.
      &kExplainCommand,
      &kAttentionCommand,
      &kAblateCommand,
      &kLensCommand,
      &kTraceCommand,
      &kTokenizeCommand,
      &kInfoCommand,
      // Measure and compare.
      &kEvaluateCommand,
      &kPlotCommand,
      &kCompareCommand,
      &kDoctorCommand,
      &kVerifyCommand,
      &kBenchCommand,
      // Data and files.
      &kDataCommand,
      &kExportCommand,
      &kCompletionCommand,
  };
  return rows;
}

std::vector<std::string_view> command_groups() {
  std::vector<std::string_view> groups;
  for (const CommandRow* row : commands()) {
    if (std::find(groups.begin(), groups.end(), row->group) == groups.end()) groups.push_back(row->group);
  }
  return groups;
}

const CommandRow* find_command(std::string_view name) {
  for (const CommandRow* row : commands()) {
    if (row->name == name || is_listed(name, row->aliases)) return row;
  }
  return nullptr;
}

}  // namespace attn
