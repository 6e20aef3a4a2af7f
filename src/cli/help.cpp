#include "cli/help.h"

#include <algorithm>

#include "cli/commands.h"
#include "cli/help_topics.h"

namespace attn {

namespace {

constexpr int kOverviewWidth = 80;

constexpr std::string_view kOverviewStart =
    R"(attn: attention in Transformers, from one head worked out by hand to a trained
encoder-decoder Transformer, in one program. Train small models of the GPT, BERT
and translator families on your own text in minutes, use them, and look at every
attention weight.

Five commands to start with (it is ./attn where make built it, attn after make
install):
  # how attention works, number by number
  attn explain self-attention
  # a text to learn from, a story a line; your own text file will do as well
  attn data stories > stories.txt
  # learn it: one minute; --lines, since every line is a text of its own
  attn train generate stories.txt --lines --out stories --time 1m
  # let the model write
  attn generate stories --prompt "Once upon a time"
  # every layer and head, in the browser: open a.html
  attn attention stories --text "Once upon a time" --out a.html
)";

constexpr std::string_view kOverviewEnd =
    R"(
attn help COMMAND   examples, then every option with its default
attn help TOPIC     one of the topics; attn help topics says what each is about
attn help --man     all of it as a manual page, which make install installs

A model, DIR in the help, is a folder: the one that --out named, one that the
Python library transformers saved, or a .tar of attn export. Results go to
standard output, all else to standard error.
)";

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
  std::string text(kOverviewStart);
  std::size_t widest = 0;
  for (const CommandRow* row : commands()) widest = std::max(widest, row->name.size());
  const auto line = [&](std::string_view name, std::string_view summary) {
    text += concat("  ", name, std::string(widest + 2 - name.size(), ' '), summary, "\n");
  };
  for (const std::string_view group : command_groups()) {
    text += concat("\n", group, ":\n");
    for (const CommandRow* row : commands()) {
      if (row->group == group) line(row->name, row->summary);
    }
  }
  std::string topics = "Topics:";
  for (const HelpTopic& topic : help_topics()) {
    topics += concat(&topic == help_topics().data() ? " " : ", ", topic.name);
  }
  return concat(text, "\n", wrapped(topics, 2, kOverviewWidth), kOverviewEnd);
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

std::string topic_list() {
  std::string text = "Topics (attn help TOPIC):\n";
  std::size_t widest = 0;
  for (const HelpTopic& topic : help_topics()) widest = std::max(widest, topic.name.size());
  for (const HelpTopic& topic : help_topics()) {
    text += concat("  ", topic.name, std::string(widest + 2 - topic.name.size(), ' '), topic.summary, "\n");
  }
  return text;
}

std::vector<std::string> help_words(bool with_topics) {
  std::vector<std::string> words;
  for (const CommandRow* row : commands()) words.emplace_back(row->name);
  words.emplace_back("help");
  if (with_topics) {
    words.emplace_back("topics");
    for (const HelpTopic& topic : help_topics()) words.emplace_back(topic.name);
  }
  return words;
}

}  // namespace attn
