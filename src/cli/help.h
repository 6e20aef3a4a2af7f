#pragma once
// What `attn help` prints.

#include <string>
#include <string_view>

#include "cli/command.h"

namespace attn {

/// The first page: what attn is, five commands to start with, all commands by group, the topics.
std::string overview();

/// Examples, usage and options of a command.
std::string command_help(const CommandRow& row, const OptionTable& options, int width);

/// All topics, one line each.
std::string topic_list();

/// Names of all commands, aliases left out, and, if wanted, topics.
std::vector<std::string> help_words(bool with_topics);

}  // namespace attn
