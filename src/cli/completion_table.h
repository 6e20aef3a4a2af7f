#pragma once
// What a shell can complete, read from the tables of commands and options.

#include <string>
#include <string_view>
#include <vector>

namespace attn {

/// What can stand in one place of the command line.
struct CompletedPlace {
  std::vector<std::string> words;  // one of these
  bool models = false;             // a model's folder or .tar
  bool files = false;              // a file
};

struct CompletedOption {
  std::vector<std::string> flags;  // "-q", "--quiet"
  std::string_view help;
  bool takes_value = false, may_repeat = false;
  std::string_view value_name;  // "FILE"
  CompletedPlace value;
};

struct CompletedCommand {
  std::vector<std::string_view> names;  // with aliases
  std::string_view summary;
  CompletedPlace first, rest;  // what is no option
  std::vector<CompletedOption> options;
};

/// All commands, and help.
std::vector<CompletedCommand> completed_commands();

/// The scripts that `attn completion SHELL` prints.
std::string bash_completion();
std::string zsh_completion();
std::string fish_completion();

/// Words between spaces.
std::string joined_words(const std::vector<std::string>& words, std::string_view separator = " ");
/// In single quotes for bash, zsh: ' becomes '\''. For fish: \' and \\.
std::string quoted_for_sh(std::string_view text);
std::string quoted_for_fish(std::string_view text);

}  // namespace attn
