#include "base/options.h"

#include <algorithm>
#include <stdexcept>

#include "base/error.h"
#include "base/suggest.h"

namespace attn {

namespace {

std::string_view trimmed(std::string_view text) {
  const std::string_view blanks = " \t\r";
  const std::size_t begin = text.find_first_not_of(blanks);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(blanks) - begin + 1);
}

/// The value as it stands in a file: in quotes if a reader would otherwise see something else.
std::string quoted_if_needed(const std::string& value) {
  const bool plain = !value.empty() && trimmed(value) == value && value.front() != '"' &&
                     value.find_first_of("\n\r") == std::string::npos;
  if (plain) return value;
  std::string quoted = "\"";
  for (const char c : value) {
    if (c == '\n')
      quoted += "\\n";
    else if (c == '\r')
      quoted += "\\r";
    else if (c == '\t')
      quoted += "\\t";
    else if (c == '"' || c == '\\')
      quoted += {'\\', c};
    else
      quoted += c;
  }
  return quoted + '"';
}

/// Inverse of quoted_if_needed for a value that begins with a quote; nothing if the quotes do not match.
std::optional<std::string> unquoted(std::string_view quoted) {
  std::string value;
  for (std::size_t i = 1; i < quoted.size(); ++i) {
    if (quoted[i] == '"') return i + 1 == quoted.size() ? std::optional(value) : std::nullopt;
    if (quoted[i] != '\\') {
      value += quoted[i];
      continue;
    }
    if (++i == quoted.size()) break;
    const char c = quoted[i];
    if (c != 'n' && c != 'r' && c != 't' && c != '"' && c != '\\') return std::nullopt;
    value += c == 'n' ? '\n' : c == 'r' ? '\r' : c == 't' ? '\t' : c;
  }
  return std::nullopt;
}

}  // namespace

void OptionTable::add_option(Option option, const void* variable, const OptionText& text) {
  // A name may be what another option's negation would be called: it then stands for itself.
  const Found other = find(text.name);
  if (other.option != nullptr && !other.negated) {
    throw std::logic_error("option listed twice: " + std::string(text.name));
  }
  option.text = text;
  option.group = group_;
  option.variable = variable;
  option.defaults = option.write();
  options_.push_back(std::move(option));
}

OptionTable::Found OptionTable::find(std::string_view name) {
  for (Option& option : options_) {
    if (option.text.name == name) return {&option, false};
  }
  if (name.starts_with("no-")) {
    for (Option& option : options_) {
      if (option.is_flag && option.text.name == name.substr(3)) return {&option, true};
    }
  }
  return {};
}

const Option& OptionTable::find_variable(const void* variable) const {
  for (const Option& option : options_) {
    if (option.variable == variable) return option;
  }
  throw std::logic_error("asked about a variable that is no option");
}

std::vector<std::string> OptionTable::names(bool for_file) const {
  std::vector<std::string> result;
  for (const Option& option : options_) {
    if (for_file && !option.text.in_files) continue;
    if (!for_file && option.text.help.empty()) continue;
    result.push_back((for_file ? "" : "--") + std::string(option.text.name));
    if (!for_file && option.is_flag) result.push_back("--no-" + std::string(option.text.name));
  }
  return result;
}

void OptionTable::set(Option& option, std::string_view value, const std::string& shown_name, Option::Source source) {
  if (option.is_list && option.source != source) option.clear();
  if (!option.read(value)) {
    usage_error(shown_name, " is '", value, "', but must be ", option.expected, did_you_mean(value, option.choices));
  }
  option.source = source;
}

std::vector<std::string> OptionTable::read_arguments(std::span<const std::string> arguments) {
  std::vector<std::string> others;
  std::size_t i = 0;
  // The value of an option: what follows in the same argument, or else the next argument.
  const auto value_of = [&](const Option& option, const std::string& shown, std::optional<std::string> attached) {
    if (attached) return *attached;
    if (i + 1 == arguments.size()) usage_error(shown, " needs a value: ", option.expected);
    return arguments[++i];
  };
  for (; i < arguments.size(); ++i) {
    const std::string& argument = arguments[i];
    if (argument == "--") {
      others.insert(others.end(), arguments.begin() + static_cast<std::ptrdiff_t>(i) + 1, arguments.end());
      break;
    }
    if (argument.size() < 2 || argument[0] != '-') {
      others.push_back(argument);
    } else if (argument[1] == '-') {
      const std::size_t equals = argument.find('=');
      const std::string shown = argument.substr(0, equals);
      const auto attached = equals == std::string::npos ? std::nullopt : std::optional(argument.substr(equals + 1));
      const auto [option, negated] = find(std::string_view(shown).substr(2));
      if (option == nullptr) usage_error("unknown option '", shown, "'", did_you_mean(shown, names(false)));
      if (option->is_flag && !attached) {
        set(*option, negated ? "false" : "true", shown, Option::Source::command_line);
      } else {
        if (negated) usage_error(shown, " takes no value, but has '", *attached, "'");
        set(*option, value_of(*option, shown, attached), shown, Option::Source::command_line);
      }
    } else {
      const auto option = std::find_if(options_.begin(), options_.end(),
                                       [&](const Option& each) { return each.text.short_flag == argument[1]; });
      const std::string shown = argument.substr(0, 2);
      if (option == options_.end()) usage_error("unknown option '", shown, "'");
      const auto attached = argument.size() == 2 ? std::nullopt : std::optional(argument.substr(2));
      if (option->is_flag && attached) usage_error(shown, " takes no value, but is followed by '", *attached, "'");
      const std::string value = option->is_flag ? "true" : value_of(*option, shown, attached);
      set(*option, value, shown, Option::Source::command_line);
    }
  }
  return others;
}

void OptionTable::read_file_line(std::string_view line, const std::string& where) {
  const std::size_t equals = line.find('=');
  if (equals == std::string_view::npos) usage_error(where, ": found '", line, "', expected a line 'key = value'");
  const std::string key(trimmed(line.substr(0, equals)));
  std::string value(trimmed(line.substr(equals + 1)));
  const auto option = std::find_if(options_.begin(), options_.end(),
                                   [&](const Option& each) { return each.text.name == key && each.text.in_files; });
  if (option == options_.end()) usage_error(where, ": unknown option '", key, "'", did_you_mean(key, names(true)));
  if (!value.empty() && value.front() == '"') {
    const auto inner = unquoted(value);
    if (!inner) usage_error(where, ": ", key, " is ", value, ", but the quotes or a \\ in it do not match");
    value = *inner;
  }
  if (option->source == Option::Source::command_line) return;
  set(*option, value, where + ": " + key, Option::Source::file);
}

void OptionTable::read_file_text(std::string_view content, const std::string& file) {
  if (content.starts_with("\xEF\xBB\xBF")) content.remove_prefix(3);
  std::vector<std::string_view> seen;
  for (int number = 1; !content.empty(); ++number) {
    const std::size_t end = std::min(content.find('\n'), content.size());
    const std::string_view line = trimmed(content.substr(0, end));
    content.remove_prefix(std::min(end + 1, content.size()));
    if (line.empty() || line.front() == '#') continue;
    const std::string where = concat(file, ":", number);
    read_file_line(line, where);
    const std::string_view key = trimmed(line.substr(0, line.find('=')));
    if (std::find(seen.begin(), seen.end(), key) != seen.end() && !find(key).option->is_list) {
      usage_error(where, ": ", key, " is set a second time");
    }
    seen.push_back(key);
  }
}

std::string OptionTable::to_file_text() const {
  std::string text;
  std::string_view group;
  for (const Option& option : options_) {
    if (!option.text.in_files) continue;
    if (option.group != group) {
      text += concat(text.empty() ? "" : "\n", "# ", option.group, "\n");
      group = option.group;
    }
    const std::vector<std::string> values = option.write();
    if (values.empty()) text += concat("# ", option.text.name, " =\n");
    for (const std::string& value : values) text += concat(option.text.name, " = ", quoted_if_needed(value), "\n");
  }
  return text;
}

}  // namespace attn
