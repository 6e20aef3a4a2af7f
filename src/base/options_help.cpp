// The help text of a table of options.

#include <algorithm>

#include "base/error.h"
#include "base/options.h"

namespace attn {

namespace {

constexpr std::size_t kWidestNames = 30;  // longer ones get a line of their own

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

/// Appends `text` broken at spaces, every line but the first one indented.
void append_wrapped(std::string& out, std::string_view text, std::size_t indent, std::size_t width) {
  const std::size_t room = std::max<std::size_t>(width > indent ? width - indent : 0, 20);
  while (text.size() > room) {
    std::size_t end = text.rfind(' ', room);
    if (end == std::string_view::npos) end = std::min(text.find(' '), text.size());
    out += concat(text.substr(0, end), "\n");
    text.remove_prefix(std::min(end + 1, text.size()));
    if (text.empty()) return;
    out.append(indent, ' ');
  }
  out += concat(text, "\n");
}

}  // namespace

std::string OptionTable::help(int width) const {
  std::size_t column = 0;
  for (const Option& option : options_) {
    const std::size_t size = names_column(option).size();
    if (!option.text.help.empty() && size <= kWidestNames) column = std::max(column, size);
  }
  const std::size_t indent = column + 4;
  std::string out;
  std::vector<std::string_view> shown;  // a group is shown once, wherever its options stand in the list
  for (const Option& first : options_) {
    if (first.text.help.empty() || std::find(shown.begin(), shown.end(), first.group) != shown.end()) continue;
    shown.push_back(first.group);
    out += concat(out.empty() ? "" : "\n", first.group.empty() ? "Options" : first.group, ":\n");
    for (const Option& option : options_) {
      if (option.group != first.group || option.text.help.empty()) continue;
      const std::string names = names_column(option);
      out += "  " + names;
      if (names.size() > column) {
        out += "\n";
        out.append(indent, ' ');
      } else {
        out.append(indent - 2 - names.size(), ' ');
      }
      append_wrapped(out, description(option), indent, static_cast<std::size_t>(width));
    }
  }
  return out;
}

}  // namespace attn
