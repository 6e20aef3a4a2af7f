#pragma once
// Pages of the help that are not about one command.

#include <span>
#include <string_view>

namespace attn {

struct HelpTopic {
  std::string_view name, summary;
  std::string_view text;          // paragraphs and indented lines, at most 80 columns wide
  std::string_view aliases = {};  // separated by spaces
};

/// All topics, in the order of the list.
std::span<const HelpTopic> help_topics();

/// By name or alias; null if there is none.
const HelpTopic* find_help_topic(std::string_view name);

}  // namespace attn
