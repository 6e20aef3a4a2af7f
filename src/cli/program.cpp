#include "cli/program.h"

#include <algorithm>

#include "base/file.h"
#include "base/suggest.h"
#include "base/version.h"
#include "cli/commands.h"
#include "cli/help.h"
#include "cli/help_topics.h"
#include "cli/manual_page.h"
#include "cli/prepared_command.h"

namespace attn {

namespace {

constexpr int kWidestHelp = 100;  // columns; longer lines are hard to read

std::string help_of(const PreparedCommand& prepared, const Terminal& terminal) {
  return command_help(prepared.row, prepared.table, std::min(terminal.width, kWidestHelp));
}

const CommandRow& command_named(const std::string& name) {
  if (const CommandRow* row = find_command(name)) return *row;
  const std::string meant = did_you_mean(name, help_words(false));
  usage_error("unknown command '", name, "'", meant.empty() ? "; 'attn help' lists all" : meant);
}

int show_help(std::span<const std::string> words, StandardOutput& out, const Terminal& terminal) {
  std::string name;  // `attn help file formats` is file-formats
  for (const std::string& word : words) name += (name.empty() ? "" : "-") + word;
  if (name.empty() || name == "help") {
    out.write(overview());
  } else if (name == "topics") {
    out.write(topic_list());
  } else if (name == "--man") {
    out.write(manual_page());
  } else if (const CommandRow* row = find_command(name)) {
    out.write(help_of(PreparedCommand(*row), terminal));
  } else if (const HelpTopic* topic = find_help_topic(name)) {
    out.write(topic->text);
  } else if (const CommandRow* first = find_command(words.front())) {  // `attn help train generate`
    out.write(help_of(PreparedCommand(*first), terminal));
  } else {
    const std::string meant = did_you_mean(name, help_words(true));
    usage_error("no help on '", name, "'", meant.empty() ? "; 'attn help' lists all commands and topics" : meant);
  }
  out.flush();
  return 0;
}

void check_argument_count(const CommandRow& row, const std::vector<std::string>& arguments) {
  const auto count = static_cast<int>(arguments.size());
  const std::string usage = concat("attn ", row.name, row.arguments.empty() ? "" : " ", row.arguments);
  if (count < row.least_arguments) {
    usage_error("attn ", row.name, " has ", count, count == 1 ? " argument" : " arguments", ", but needs at least ",
                row.least_arguments, ": ", usage);
  }
  if (row.most_arguments != kAnyNumber && count > row.most_arguments) {
    usage_error("unexpected argument '", arguments[static_cast<std::size_t>(row.most_arguments)], "': ", usage);
  }
}

bool asks_for_help(std::span<const std::string> arguments) {
  for (const std::string& argument : arguments) {
    if (argument == "--") return false;
    if (argument == "--help" || argument == "-h") return true;
  }
  return false;
}

int run_command(const CommandRow& row, std::span<const std::string> arguments, StandardOutput& out, Terminal terminal) {
  PreparedCommand prepared(row);
  if (asks_for_help(arguments)) {
    out.write(help_of(prepared, terminal));
    out.flush();
    return 0;
  }
  std::vector<std::string> others = prepared.table.read_arguments(arguments);
  const std::string& config = prepared.common.config;
  if (!config.empty()) prepared.table.read_file_text(read_file(config), config);
  if (prepared.common.dump_config) {
    out.write(prepared.table.to_file_text());
    out.flush();
    return 0;
  }
  check_argument_count(row, others);
  terminal.color = terminal.color && prepared.common.color;
  Invocation call{row.name, std::move(others), prepared.table, prepared.common, out, terminal};
  const int code = prepared.command->run(call);
  out.flush();
  return code;
}

}  // namespace

int run_program(std::span<const std::string> arguments, StandardOutput& out) {
  const Terminal terminal = Terminal::detect();
  if (arguments.empty()) return show_help({}, out, terminal);
  const std::string& first = arguments[0];
  if (first == "help" || first == "--help" || first == "-h") return show_help(arguments.subspan(1), out, terminal);
  if (first == "--version") {
    out.write(concat("attn ", kVersion, "\n"));
    out.flush();
    return 0;
  }
  if (first.starts_with('-')) {
    const std::vector<std::string> known = {"--help", "--version"};
    usage_error("expected a command, found '", first, "'", did_you_mean(first, known));
  }
  return run_command(command_named(first), arguments.subspan(1), out, terminal);
}

}  // namespace attn
