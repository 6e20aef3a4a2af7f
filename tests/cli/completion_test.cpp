#include <doctest/doctest.h>

#include <set>

#include "cli/commands.h"
#include "cli/completion_table.h"
#include "cli/help_topics.h"
#include "cli/prepared_command.h"
#include "cli/run_attn.h"

namespace attn {
namespace {

bool contains(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

const CompletedCommand& command_named(const std::vector<CompletedCommand>& commands, std::string_view name) {
  for (const CompletedCommand& command : commands) {
    if (command.names.front() == name) return command;
  }
  FAIL("no command ", name);
  return commands.front();
}

const CompletedOption& option_named(const CompletedCommand& command, std::string_view flag) {
  for (const CompletedOption& option : command.options) {
    for (const std::string& each : option.flags) {
      if (each == flag) return option;
    }
  }
  FAIL("no option ", flag);
  return command.options.front();
}

/// The words that begin with "--" of a text.
std::set<std::string> flags_in(std::string_view text) {
  std::set<std::string> flags;
  for (std::size_t at = text.find("--"); at != std::string_view::npos; at = text.find("--", at + 2)) {
    if (at > 0 && text[at - 1] != ' ' && text[at - 1] != '\n' && text[at - 1] != '(') continue;
    const std::size_t end = std::min(text.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-", at), text.size());
    flags.emplace(text.substr(at, end - at));
  }
  return flags;
}

}  // namespace

TEST_CASE("completion: what stands at each place follows from the tables") {
  const std::vector<CompletedCommand> commands = completed_commands();
  const CompletedCommand& train = command_named(commands, "train");
  CHECK(train.first.words.front() == "generate");
  CHECK(!train.first.files);
  CHECK(train.rest.files);
  CHECK(!train.rest.models);
  CHECK(option_named(train, "--arch").value.words == std::vector<std::string>{"gpt2", "llama", "bert", "transformer"});
  CHECK(option_named(train, "--out").value.models);
  CHECK(option_named(train, "--valid").value.files);
  CHECK(!option_named(train, "--layers").value.files);
  CHECK(option_named(train, "--layers").takes_value);
  CHECK(!option_named(train, "--no-tie").takes_value);

  const CompletedCommand& attention = command_named(commands, "attention");
  CHECK(attention.first.models);
  CHECK(attention.rest.files);
  const CompletedCommand& explain = command_named(commands, "explain");
  CHECK(explain.first.models);
  CHECK(explain.first.words.front() == "embedding");
  CHECK(!explain.rest.models);
  const CompletedCommand& search = command_named(commands, "search");
  CHECK(search.first.models);
  CHECK(!search.first.files);
  CHECK(!search.rest.models);
  CHECK(command_named(commands, "evaluate").rest.models);
}

TEST_CASE("completion: every shell's script has every command, and every option with its values") {
  for (const char* shell : {"bash", "zsh", "fish"}) {
    const Outcome outcome = run_attn({"completion", shell});
    CAPTURE(shell);
    CHECK(outcome.exit_code == 0);
    for (const CompletedCommand& command : completed_commands()) {
      CAPTURE(command.names.front());
      CHECK(contains(outcome.out, command.names.front()));
      for (const CompletedOption& option : command.options) {
        for (const std::string& flag : option.flags) {
          CAPTURE(flag);
          const bool is_long = flag.starts_with("--");
          const std::string in_fish = is_long ? " -l " + flag.substr(2) : " -s " + flag.substr(1);
          CHECK(contains(outcome.out, std::string(shell) == "fish" ? in_fish : flag));
        }
        CHECK(contains(outcome.out, joined_words(option.value.words)));
      }
    }
  }
  const Outcome unknown = run_attn({"completion", "fihs"});
  CHECK(unknown.exit_code == 2);
  CHECK(contains(unknown.err, "did you mean 'fish'?"));
}

TEST_CASE("manual page: ASCII, with every command, option and topic") {
  const std::string page = run_attn({"help", "--man"}).out;
  CHECK(page.find_first_not_of("\n !\"#$%&'()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\]^_`"
                               "abcdefghijklmnopqrstuvwxyz{|}~") == std::string::npos);
  const auto escaped = [](std::string_view text) {
    std::string result;
    for (const char c : text) result += c == '-' ? std::string("\\-") : std::string(1, c);
    return result;
  };
  for (const CommandRow* row : commands()) {
    CAPTURE(row->name);
    CHECK(contains(page, "\n.SS attn " + std::string(row->name) + "\n"));
    const PreparedCommand prepared(*row);
    for (const Option& option : prepared.table.options()) {
      if (option.text.help.empty()) continue;
      for (const std::string& flag : option.shown_flags()) CHECK(contains(page, "\\fB" + escaped(flag) + "\\fR"));
    }
  }
  for (const HelpTopic& topic : help_topics()) {
    if (topic.name == "exit" || topic.name == "environment") continue;
    CHECK(contains(page, "\n.SS " + escaped(topic.name) + "\n"));
  }
  for (const char* heading : {"NAME", "SYNOPSIS", "DESCRIPTION", "COMMANDS", "EXIT STATUS", "ENVIRONMENT"}) {
    CHECK(contains(page, std::string("\n.SH ") + heading + "\n"));
  }
}

TEST_CASE("help: the first page, topics and examples name no option that does not exist") {
  std::set<std::string> known = {"--version", "--man"};
  std::string texts = run_attn({"help"}).out;
  for (const CommandRow* row : commands()) {
    const PreparedCommand prepared(*row);
    for (const Option& option : prepared.table.options()) {
      known.insert("--" + std::string(option.text.name));
      if (option.is_flag) known.insert("--no-" + std::string(option.text.name));
    }
    texts += std::string(row->examples) + "\n" + std::string(row->details) + "\n";
  }
  for (const HelpTopic& topic : help_topics()) texts += topic.text;
  const std::set<std::string> used = flags_in(texts);
  CHECK(used.size() > 30);
  for (const std::string& flag : used) {
    CAPTURE(flag);
    CHECK(known.contains(flag));
  }
}

}  // namespace attn
