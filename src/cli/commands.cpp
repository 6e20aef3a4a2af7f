#include "cli/commands.h"

#include <algorithm>

namespace attn {

std::span<const CommandRow* const> commands() {
  static const CommandRow* const rows[] = {
      &kTrainCommand,    &kGenerateCommand, &kChatCommand,     &kTranslateCommand, &kFillCommand,   &kClassifyCommand,
      &kEmbedCommand,    &kSearchCommand,   &kEvaluateCommand, &kAttentionCommand, &kAblateCommand, &kExplainCommand,
      &kTokenizeCommand, &kInfoCommand,     &kExportCommand,   &kDataCommand,      &kBenchCommand,
  };
  return rows;
}

const CommandRow* find_command(std::string_view name) {
  for (const CommandRow* row : commands()) {
    if (row->name == name) return row;
    for (std::string_view rest = row->aliases; !rest.empty();) {
      const std::size_t end = std::min(rest.find(' '), rest.size());
      if (rest.substr(0, end) == name) return row;
      rest.remove_prefix(std::min(end + 1, rest.size()));
    }
  }
  return nullptr;
}

}  // namespace attn
