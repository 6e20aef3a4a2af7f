#include "cli/completion_table.h"

#include "cli/commands.h"
#include "cli/help.h"
#include "cli/prepared_command.h"

namespace attn {

namespace {

/// The words of a usage line that stand for arguments: "DIR [FILE]" gives DIR and FILE; those of options are left out, and
/// LOG.csv is a FILE.
std::vector<std::string> argument_names(std::string_view usage) {
  std::vector<std::string> names;
  std::string name;
  bool is_option = false;  // the next name is the value of one
  for (std::size_t i = 0; i <= usage.size(); ++i) {
    const char c = i < usage.size() ? usage[i] : ' ';
    if ((c >= 'A' && c <= 'Z') || (c == '-' && name.starts_with('-')) || (name.empty() && c == '-') ||
        (name.starts_with('-') && c >= 'a' && c <= 'z')) {
      name += c;
    } else if (!name.empty()) {
      const bool has_ending = c == '.' && i + 1 < usage.size() && usage[i + 1] >= 'a' && usage[i + 1] <= 'z';
      if (has_ending) name = "FILE";
      const bool names_option = name.starts_with('-');
      if (!names_option && !is_option) names.push_back(name);
      is_option = names_option;
      name.clear();
    }
  }
  return names;
}

/// Adds what a name in capitals stands for.
void add_place(CompletedPlace& place, std::string_view name, const std::vector<std::string>& words) {
  if (name == "DIR") {
    place.models = true;
  } else if (name.starts_with("FILE") || name == "DATA") {
    place.files = true;
  } else if (place.words.empty()) {
    place.words = words;
  }
}

CompletedOption completed_option(const Option& option) {
  CompletedOption result;
  result.flags = option.shown_flags();
  result.help = option.text.help;
  result.takes_value = !option.is_flag;
  result.may_repeat = option.is_list;
  result.value.words = option.choices;
  if (option.is_flag) return result;
  result.value_name = option.text.metavar.empty() ? "VALUE" : option.text.metavar;
  if (result.value.words.empty()) add_place(result.value, result.value_name, {});
  return result;
}

void add_options(CompletedCommand& command, const OptionTable& table) {
  for (const Option& option : table.options()) {
    if (!option.text.help.empty()) command.options.push_back(completed_option(option));
  }
}

CompletedCommand completed_command(const CommandRow& row) {
  CompletedCommand command;
  command.names = {row.name};
  for (std::string_view rest = row.aliases; !rest.empty();) {
    const std::size_t end = std::min(rest.find(' '), rest.size());
    command.names.push_back(rest.substr(0, end));
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  command.summary = row.summary;
  const std::vector<std::string> words = row.words != nullptr ? row.words() : std::vector<std::string>{};
  const std::vector<std::string> names = argument_names(row.arguments);
  // "[TOPIC | DIR]" and "DIR|FILE…" are one place; "DIR... [FILE]" may hold another DIR in the second.
  const bool alternatives = row.arguments.find('|') != std::string_view::npos;
  const std::size_t ellipsis = std::min(row.arguments.find("..."), row.arguments.find("…"));
  const bool repeats = ellipsis != std::string_view::npos && row.arguments.find(' ') > ellipsis;
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (i == 0 || alternatives) add_place(command.first, names[i], words);
    if (alternatives || i == 0 ? repeats : true) add_place(command.rest, names[i], {});
  }
  add_options(command, PreparedCommand(row).table);
  return command;
}

std::string quoted(std::string_view text, std::string_view special, auto escape) {
  std::string result = "'";
  for (const char c : text) {
    if (special.find(c) == std::string_view::npos) {
      result += c;
    } else {
      result += escape(c);
    }
  }
  return result + "'";
}

}  // namespace

std::vector<CompletedCommand> completed_commands() {
  std::vector<CompletedCommand> result;
  for (const CommandRow* row : commands()) result.push_back(completed_command(*row));
  CompletedCommand& help = result.emplace_back();
  help.names = {"help"};
  help.summary = "the first page, or that of a command or topic";
  help.first.words = help_words(true);
  help.options.push_back({.flags = {"--man"}, .help = "everything as a manual page", .value_name = {}, .value = {}});
  return result;
}

std::string joined_words(const std::vector<std::string>& words, std::string_view separator) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : std::string(separator)) + word;
  return text;
}

std::string quoted_for_sh(std::string_view text) {
  return quoted(text, "'", [](char) { return "'\\''"; });
}

std::string quoted_for_fish(std::string_view text) {
  return quoted(text, "'\\", [](char c) { return std::string{'\\', c}; });
}

}  // namespace attn
