#include <doctest/doctest.h>

#include "base/version.h"
#include "cli/commands.h"
#include "cli/help_topics.h"
#include "cli/run_attn.h"

namespace attn {
namespace {

bool contains(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

bool fits(const std::string& text, std::size_t width) {
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = std::min(text.find('\n', begin), text.size());
    if (end - begin > width) return false;
    begin = end + 1;
  }
  return true;
}

TEST_CASE("program: without arguments it shows the overview, which lists every command") {
  const Outcome plain = run_attn({});
  CHECK(plain.exit_code == 0);
  CHECK(plain.err.empty());
  CHECK(fits(plain.out, 80));
  for (const CommandRow* row : commands()) {
    CAPTURE(row->name);
    CHECK(contains(plain.out, "\n  " + std::string(row->name) + " "));
  }
  for (const char* way : {"help", "--help", "-h"}) CHECK(run_attn({way}).out == plain.out);
}

TEST_CASE("program: every command's help lists its options, by both ways to ask") {
  for (const CommandRow* row : commands()) {
    const std::string name(row->name);
    CAPTURE(name);
    const Outcome help = run_attn({"help", name});
    CHECK(help.exit_code == 0);
    CHECK(run_attn({name, "--help"}).out == help.out);
    CHECK(run_attn({name, "--surely-unknown", "-h"}).out == help.out);
    CHECK(contains(help.out, "Usage: attn " + name));
    CHECK(contains(help.out, "Examples:\n  attn " + name));
    CHECK(fits(help.out, 100));
    OptionTable table;
    const auto command = row->make();
    command->visit(table);
    CommonOptions common;
    common.visit(table);
    for (const Option& option : table.options()) {
      if (option.text.help.empty()) continue;
      CAPTURE(option.text.name);
      const bool listed = contains(help.out, "--" + std::string(option.text.name)) ||
                          contains(help.out, "--no-" + std::string(option.text.name));
      CHECK(listed);
    }
  }
}

TEST_CASE("program: topics by name, alias and words; version") {
  const std::string formats = run_attn({"help", "file-formats"}).out;
  CHECK(contains(formats, "jsonl"));
  CHECK(run_attn({"help", "formats"}).out == formats);
  CHECK(run_attn({"help", "file", "formats"}).out == formats);
  CHECK(run_attn({"help", "train", "generate"}).out == run_attn({"help", "train"}).out);
  const std::string list = run_attn({"help", "topics"}).out;
  for (const HelpTopic& topic : help_topics()) {
    CAPTURE(topic.name);
    CHECK(contains(list, "\n  " + std::string(topic.name) + " "));
    CHECK(run_attn({"help", std::string(topic.name)}).out == topic.text);
    CHECK(fits(std::string(topic.text), 80));
  }
  CHECK(run_attn({"--version"}).out == std::string("attn ") + kVersion + "\n");
}

TEST_CASE("program: mistakes exit with 2 and one line on stderr") {
  const auto mistake = [](const std::vector<std::string>& arguments, const std::string& message) {
    const Outcome outcome = run_attn(arguments);
    CHECK(outcome.exit_code == 2);
    CHECK(outcome.out.empty());
    CHECK(outcome.err == "attn: " + message + "\n");
  };
  mistake({"hlep"}, "unknown command 'hlep'; did you mean 'help'?");
  mistake({"xyzzy"}, "unknown command 'xyzzy'; 'attn help' lists all");
  mistake({"help", "samplng"}, "no help on 'samplng'; did you mean 'sampling'?");
  mistake({"--verson"}, "expected a command, found '--verson'; did you mean '--version'?");
}

TEST_CASE("program: what a new user tries first gets a helpful answer") {
  const auto answer = [](const std::vector<std::string>& arguments) { return run_attn(arguments).err; };
  CHECK(contains(answer({"train", "README.md"}), "attn train generate README.md --out DIR"));
  CHECK(contains(answer({"generate", "tests/reference/gpt2", "Once upon"}), "did you mean --prompt 'Once upon'?"));
  CHECK(contains(answer({"generate", "README.md"}), "README.md is a file, expected a model's folder"));
}

TEST_CASE("program: a closed pipe ends quietly") {
  const Outcome outcome = run_attn({"help"}, {.closed_output = true});
  CHECK(outcome.exit_code == 0);
  CHECK(outcome.err.empty());
}

}  // namespace
}  // namespace attn
