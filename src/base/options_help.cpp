// The help text of a table of options.

#include <algorithm>

#include "base/error.h"
#include "base/options.h"

namespace attn {

namespace {

constexpr std::size_t kWidestNames = 26;  // longer ones get a line of their own

/// "-n, --copies N", "--no-header", "--arch gpt2|llama".
std::string names_column(const Option& option) {
  std::string column = option.text.short_flag != 0 ? concat("-", option.text.short_flag, ", ") : "";
  const bool on_by_default = option.is_flag && option.defaults == std::vector<std::string>{"true"};
  column += concat(on_by_default ? "--no-" : "--", option.text.name);
  if (option.is_flag && option.defaults.empty()) column += concat(", --no-", option.text.name);
  if (option.is_flag) return column;
  if (!option.text.metavar.empty() || option.choices.empty()) {
    return concat(column, " ", option.text.metavar.empty() ? "TEXT" : option.text.metavar);
  }
  for (std::size_t i = 0; i < option.choices.size(); ++i) column += (i == 0 ? " " : "|") + option.choices[i];
  return column;
}

std::string description(const Option& option) {
  std::string text(option.text.help);
  if (option.is_list) text += " (may be repeated)";
  if (!option.text.default_text.empty()) return concat(text, " (default: ", option.text.default_text, ")");
  if (option.is_flag || option.defaults.empty()) return text;
  return concat(text, " (default ", option.defaults.front(), ")");
}

/// Every group with help once, in the order of their last options: one that a later part of the list adds to comes
/// where that part stands.
std::vector<std::string_view> groups_in_order(const std::vector<Option>& options) {
  std::vector<std::string_view> groups;
  for (auto option = options.rbegin(); option != options.rend(); ++option) {
    const bool known = std::find(groups.begin(), groups.end(), option->group) != groups.end();
    if (!known && !option->text.help.empty()) groups.push_back(option->group);
  }
  std::reverse(groups.begin(), groups.end());
  return groups;
}

}  // namespace

std::string wrapped(std::string_view text, std::size_t indent, int width) {
  const std::size_t room = std::max<std::size_t>(static_cast<std::size_t>(width) - indent, 20);
  std::string out;
  while (true) {
    const std::size_t line = std::min(text.find('\n'), text.size());
    std::size_t end = line;
    if (line > room) {
      end = text.rfind(' ', room);
      if (end == std::string_view::npos) end = std::min(text.find(' '), line);
    }
    out += concat(text.substr(0, end), "\n");
    text.remove_prefix(std::min(end + 1, text.size()));
    if (text.empty()) return out;
    out.append(text.front() == '\n' ? 0 : indent, ' ');
  }
}

std::string OptionTable::help(int width) const {
  std::size_t column = 0;
  for (const Option& option : options_) {
    const std::size_t size = names_column(option).size();
    if (!option.text.help.empty() && size <= kWidestNames) column = std::max(column, size);
  }
  const std::size_t indent = column + 4;
  std::string out;
  for (const std::string_view group : groups_in_order(options_)) {
    out += concat(out.empty() ? "" : "\n", group.empty() ? "Options" : group, ":\n");
    for (const Option& option : options_) {
      if (option.group != group || option.text.help.empty()) continue;
      const std::string names = names_column(option);
      out += "  " + names;
      if (names.size() > column) {
        out += "\n";
        out.append(indent, ' ');
      } else {
        out.append(indent - 2 - names.size(), ' ');
      }
      out += wrapped(description(option), indent, width);
    }
  }
  return out;
}

}  // namespace attn
