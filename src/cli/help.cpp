#include "cli/help.h"

#include <algorithm>
#include <array>

#include "cli/commands.h"

namespace attn {

namespace {

constexpr std::size_t kOverviewExamples = 4;  // of the first commands; the overview should fit a screen

struct Topic {
  std::string_view name, summary, text;
};

constexpr std::array kTopics = {
    Topic{"input", "what commands read",
          R"(Most commands take a FILE with one text a line. Without FILE, or with -, they
read standard input; --text T is one text itself, newlines included.

    attn attention play --text "To be"
    echo "To be" | attn attention play
    attn attention play lines.txt

A .csv FILE (RFC 4180) begins with the names of its columns; a .tsv FILE has
columns between tabs, without quotes, and names only with --header. --columns
picks those that the command needs, by name or by number from 1:

    attn tokenize play reviews.csv --columns text=review
    attn evaluate mood reviews.tsv --columns label=3,text=1

Texts are UTF-8. A byte-order mark at the beginning and \r\n line ends are
accepted; anything that is not UTF-8 is an error with file and line.
)"},
    Topic{"formats", "what tables look like: --format",
          R"(Where a table comes out, --format chooses its form:

    text     columns for people: the default on a terminal
    csv      RFC 4180: the default in pipes and files
    tsv      tab, line breaks and backslash are written \t \n \r \\
    jsonl    a JSON object a row
    json     one array of such objects

csv and tsv begin with the names of the columns; --no-header leaves them out.
Numbers have just the digits needed to read back the same value.
)"},
    Topic{"config", "options in files: --config, --dump-config",
          R"(--config FILE reads options from lines `key = value`, with the same names as on
the command line; what the command line says wins. Empty lines and lines that
begin with # mean nothing. Values with spaces at their ends or with line breaks
stand in double quotes, with \n, \t, \" and \\.

    # small.conf
    layers = 2
    tie = false

--dump-config prints all options of a call in this form.
)"},
    Topic{"exit", "exit codes and signals",
          R"(0      success; also when the reader of a pipe has had enough
1      failure: a file, a model or the system was not as needed
2      usage: the command line itself was wrong
130    Ctrl-C; training saves first, a second Ctrl-C ends it at once
143    SIGTERM, and 129 SIGHUP; training saves first
)"},
    Topic{"environment", "environment variables",
          R"(NO_COLOR     if set, no colors
ATTN_SIMD    the instruction set to use: baseline, avx2 or avx512, instead of
             the best one that the machine has
)"},
};

std::string_view first_line(std::string_view text) {
  return text.substr(0, text.find('\n'));
}

std::vector<std::string_view> lines_of(std::string_view text) {
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    lines.push_back(first_line(text));
    text.remove_prefix(std::min(lines.back().size() + 1, text.size()));
  }
  return lines;
}

/// Examples "attn … # what it does", indented, with the remarks below each other.
std::string example_lines(const std::vector<std::string_view>& examples) {
  const auto command_of = [](std::string_view line) {
    const std::string_view command = line.substr(0, line.find(" # "));
    return command.substr(0, command.find_last_not_of(' ') + 1);
  };
  std::size_t widest = 0;
  for (const std::string_view line : examples) {
    if (line.find(" # ") != std::string_view::npos) widest = std::max(widest, command_of(line).size());
  }
  std::string text;
  for (const std::string_view line : examples) {
    const std::string_view command = command_of(line);
    text += concat(line.empty() ? "" : "  ", command);
    if (const std::size_t remark = line.find(" # "); remark != std::string_view::npos) {
      text += concat(std::string(widest - command.size(), ' '), "  ", line.substr(remark + 1));
    }
    text += '\n';
  }
  return text;
}

/// Paragraphs joined to long lines, to be wrapped; lines that begin with a space stay as they are.
std::string joined_paragraphs(std::string_view text) {
  std::string result;
  bool joins = false;  // whether the next line may go on where this one ended
  for (const std::string_view line : lines_of(text)) {
    const bool is_text = !line.empty() && line.front() != ' ';
    if (!result.empty()) result += joins && is_text ? ' ' : '\n';
    result += line;
    joins = is_text && !line.ends_with(':');
  }
  return result;
}

}  // namespace

std::string overview() {
  std::string text = "attn: attention, from one head to a trained Transformer, in the shell\n\n";
  std::size_t widest = 0;
  for (const CommandRow* row : commands()) widest = std::max(widest, row->name.size());
  for (const Topic& topic : kTopics) widest = std::max(widest, topic.name.size());
  const auto line = [&](std::string_view name, std::string_view summary) {
    text += concat("  ", name, std::string(widest + 2 - name.size(), ' '), summary, "\n");
  };
  std::vector<std::string_view> examples;
  for (const CommandRow* row : commands().first(std::min(kOverviewExamples, commands().size()))) {
    examples.push_back(first_line(row->examples));
  }
  text += concat("Examples:\n", example_lines(examples), "\n");
  text += "Commands (attn help COMMAND):\n";
  for (const CommandRow* row : commands()) line(row->name, row->summary);
  text += "\nTopics (attn help TOPIC):\n";
  for (const Topic& topic : kTopics) line(topic.name, topic.summary);
  return text;
}

std::string command_help(const CommandRow& row, const OptionTable& options, int width) {
  std::string text = concat("attn ", row.name, ": ", row.summary, "\n\n");
  text += concat("Examples:\n", example_lines(lines_of(row.examples)), "\n");
  text += concat("Usage: attn ", row.name, row.arguments.empty() ? "" : " ", row.arguments, " [OPTIONS]\n");
  if (!row.aliases.empty()) text += concat("Also called: ", row.aliases, "\n");
  text += concat("\n", options.help(width));
  if (row.list != nullptr) text += "\n" + row.list(width);
  if (!row.details.empty()) text += "\n" + wrapped(joined_paragraphs(row.details), 0, width);
  return text;
}

std::string_view topic_help(std::string_view topic) {
  for (const Topic& each : kTopics) {
    if (each.name == topic) return each.text;
  }
  return {};
}

std::vector<std::string> help_words(bool with_topics) {
  std::vector<std::string> words;
  for (const CommandRow* row : commands()) words.emplace_back(row->name);
  words.emplace_back("help");
  if (with_topics) {
    for (const Topic& topic : kTopics) words.emplace_back(topic.name);
  }
  return words;
}

}  // namespace attn
