// The help text of a table of options.

#include <algorithm>

#include "base/error.h"
#include "base/options.h"

namespace attn {

namespace {

constexpr std::size_t kWidestNames = 26;  // longer ones get a line of their own

/// "-n, --copies N", "--no-header", "--arch gpt2|llama".
std::string names_column(const Option& option) {
  std::string column;
  for (const std::string& flag : option.shown_flags()) column += (column.empty() ? "" : ", ") + flag;
  if (option.is_flag) return column;
  return concat(column, " ", option.value_name());
}

}  // namespace

std::vector<std::string> Option::shown_flags() const {
  std::vector<std::string> flags;
  if (text.short_flag != 0) flags.push_back({'-', text.short_flag});
  const bool on_by_default = is_flag && defaults == std::vector<std::string>{"true"};
  flags.push_back(concat(on_by_default ? "--no-" : "--", text.name));
  if (is_flag && defaults.empty()) flags.push_back(concat("--no-", text.name));
  return flags;
}

std::string Option::value_name() const {
  if (!text.metavar.empty()) return std::string(text.metavar);
  std::string names;
  for (const std::string& choice : choices) names += (names.empty() ? "" : "|") + choice;
  return names.empty() ? "TEXT" : names;
}

std::string Option::description() const {
  std::string result(text.help);
  if (is_list) result += " (may be repeated)";
  if (!text.default_text.empty()) return concat(result, " (default: ", text.default_text, ")");
  if (is_flag || defaults.empty()) return result;
  return concat(result, " (default ", defaults.front(), ")");
}

std::vector<std::string_view> OptionTable::groups() const {
  std::vector<std::string_view> groups;
  for (auto option = options_.rbegin(); option != options_.rend(); ++option) {
    const bool known = std::find(groups.begin(), groups.end(), option->group) != groups.end();
    if (!known && !option->text.help.empty()) groups.push_back(option->group);
  }
  std::reverse(groups.begin(), groups.end());
  return groups;
}

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
  for (const std::string_view group : groups()) {
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
      out += wrapped(option.description(), indent, width);
    }
  }
  return out;
}

}  // namespace attn
