#pragma once
// What `attn help` prints.

#include <string>
#include <string_view>

#include "cli/command.h"

namespace attn {

/// All commands, one line each.
std::string overview();

/// Examples, usage and options of a command.
std::string command_help(const CommandRow& row, const OptionTable& options, int width);

/// A topic's text; empty if there is no such topic.
std::string_view topic_help(std::string_view topic);

/// Names of all commands, aliases left out, and, if wanted, topics.
std::vector<std::string> help_words(bool with_topics);

}  // namespace attn
