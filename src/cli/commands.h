#pragma once
// The table of all commands. A new one needs its row declared here and listed in commands.cpp.

#include <span>
#include <string_view>

#include "cli/command.h"

namespace attn {

extern const CommandRow kGenerateCommand;
extern const CommandRow kChatCommand;
extern const CommandRow kFillCommand;
extern const CommandRow kClassifyCommand;
extern const CommandRow kEmbedCommand;
extern const CommandRow kSearchCommand;
extern const CommandRow kTranslateCommand;
extern const CommandRow kEvaluateCommand;
extern const CommandRow kAblateCommand;
extern const CommandRow kLensCommand;
extern const CommandRow kTraceCommand;
extern const CommandRow kAttentionCommand;
extern const CommandRow kExplainCommand;
extern const CommandRow kInfoCommand;
extern const CommandRow kTokenizeCommand;
extern const CommandRow kExportCommand;
extern const CommandRow kDataCommand;
extern const CommandRow kBenchCommand;
extern const CommandRow kPlotCommand;
extern const CommandRow kCompareCommand;
extern const CommandRow kVerifyCommand;
extern const CommandRow kDoctorCommand;
extern const CommandRow kTrainCommand;
extern const CommandRow kCompletionCommand;

/// All commands in the order in which the overview shows them.
std::span<const CommandRow* const> commands();

/// The groups of the commands, in the order of their first commands.
std::vector<std::string_view> command_groups();

/// By name or alias; null if there is none.
const CommandRow* find_command(std::string_view name);

}  // namespace attn
