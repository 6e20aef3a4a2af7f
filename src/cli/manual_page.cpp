#include "cli/manual_page.h"

#include <cstdio>

#include "base/error.h"
#include "base/utf8.h"
#include "base/version.h"
#include "cli/commands.h"
#include "cli/help_topics.h"
#include "cli/prepared_command.h"

namespace attn {

namespace {

constexpr int kLine = 78;       // bytes of a line of the page's source
constexpr int kListWidth = 70;  // columns of lines that are shown as they are

/// Text that roff shows as it is: its own characters escaped, and all beyond ASCII as \[uXXXX].
std::string escaped(std::string_view text) {
  std::string result;
  for (std::size_t i = 0; i < text.size();) {
    const char c = text[i];
    if (static_cast<unsigned char>(c) >= 0x80) {
      const CodePoint character = decode_utf8(text, i);
      char name[16];
      std::snprintf(name, sizeof name, "\\[u%04X]", static_cast<unsigned>(character.value));
      result += name;
      i += static_cast<std::size_t>(character.bytes);
      continue;
    }
    ++i;
    switch (c) {
      case '\\':
        result += "\\e";
        break;
      case '-':
        result += "\\-";
        break;
      case '\'':
        result += "\\(aq";
        break;
      case '`':
        result += "\\(ga";
        break;
      case '^':
        result += "\\(ha";
        break;
      case '~':
        result += "\\(ti";
        break;
      case '"':
        result += "\\(dq";
        break;
      default:
        result += c;
    }
  }
  return result;
}

/// A line's first dot would be read as a request.
std::string guarded(std::string_view lines) {
  std::string result;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    if (lines[i] == '.' && (i == 0 || lines[i - 1] == '\n')) result += "\\&";
    result += lines[i];
  }
  return result;
}

/// Running text; roff fills the lines.
std::string filled(std::string_view text) {
  return guarded(wrapped(escaped(text), 0, kLine));
}

/// Lines that stay as they are.
std::string unfilled(std::string_view lines) {
  return concat(".PP\n.nf\n", guarded(escaped(lines)), ".fi\n");
}

/// Paragraphs; lines that begin with a space, and those that follow with them, stay as they are.
std::string paragraphs(std::string_view text) {
  std::string result, open;
  const auto close = [&] {
    if (!open.empty()) result += open.front() == ' ' ? unfilled(open) : concat(".PP\n", filled(open));
    open.clear();
  };
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    const bool stays = line.starts_with(' ');
    if (line.empty() || (!open.empty() && stays != (open.front() == ' '))) close();
    if (line.empty()) continue;
    if (stays) {
      open += concat(line, "\n");
    } else {
      open += concat(open.empty() ? "" : " ", line);
    }
  }
  close();
  return result;
}

std::string in_bold(std::string_view text) {
  return concat("\\fB", escaped(text), "\\fR");
}

std::string in_italics(std::string_view text) {
  return concat("\\fI", escaped(text), "\\fR");
}

std::string option_entry(const Option& option) {
  std::string flags;
  for (const std::string& flag : option.shown_flags()) flags += (flags.empty() ? "" : ", ") + in_bold(flag);
  if (!option.is_flag) flags += " " + in_italics(option.value_name());
  return concat(".TP\n", flags, "\n", filled(option.description()));
}

std::string options_of(const OptionTable& table) {
  std::string text;
  for (const std::string_view group : table.groups()) {
    if (group == "Common") continue;
    text += concat(".PP\n", escaped(group), ":\n");
    for (const Option& option : table.options()) {
      if (option.group == group && !option.text.help.empty()) text += option_entry(option);
    }
  }
  return text;
}

/// A heading with what stands below it, which begins with no space of its own.
std::string section(std::string_view macro, std::string_view title, std::string_view body) {
  constexpr std::string_view kParagraph = ".PP\n";
  if (body.starts_with(kParagraph)) body.remove_prefix(kParagraph.size());
  return concat(macro, " ", title, "\n", body);
}

std::string command_section(const CommandRow& row) {
  const PreparedCommand prepared(row);
  std::string text = filled(row.summary);
  text += concat(".PP\n", in_bold(concat("attn ", row.name)), row.arguments.empty() ? "" : " ",
                 in_italics(row.arguments), " ", in_italics("[OPTIONS]"), "\n");
  text += unfilled(concat(row.examples, row.examples.ends_with('\n') ? "" : "\n"));
  text += options_of(prepared.table);
  if (row.list != nullptr) text += unfilled(row.list(kListWidth));
  return section(".SS", concat("attn ", escaped(row.name)), text + paragraphs(row.details));
}

std::string common_options() {
  OptionTable table;
  ThreadOptions threads;
  CommonOptions common;
  threads.visit(table);
  common.visit(table);
  std::string text;
  for (const Option& option : table.options()) text += option_entry(option);
  return text;
}

}  // namespace

std::string manual_page() {
  std::string page = ".\\\" Written by `attn help --man`.\n";
  page += concat(".TH ATTN 1 ", kReleaseDate, " \"attn ", kVersion, "\" \"User Commands\"\n");
  page += ".SH NAME\nattn \\- attention, from one head to a trained Transformer, in the shell\n";
  page +=
      ".SH SYNOPSIS\n.B attn\n.I COMMAND\n.RI [ ARGUMENTS ]\n.RI [ OPTIONS ]\n.br\n.B attn help\n.RI [ COMMAND | TOPIC "
      "]\n";
  page +=
      concat(".SH DESCRIPTION\n",
             filled("attn trains small Transformers of the GPT, BERT and encoder-decoder families on a plain CPU, lets "
                    "them write, translate, classify and search, and shows every attention weight. A model, DIR "
                    "below, is a folder in the layout of the Python library transformers, or a .tar of attn export."));
  page += concat(".PP\n", filled("Results go to standard output, everything else to standard error."));
  page += ".SH COMMANDS\n";
  for (const CommandRow* row : commands()) page += command_section(*row);
  page += ".SH COMMON OPTIONS\n" + common_options();
  page += ".SH TOPICS\n";
  for (const HelpTopic& topic : help_topics()) {
    if (topic.name == "exit" || topic.name == "environment") continue;
    page += section(".SS", escaped(topic.name), paragraphs(topic.text));
  }
  page += section(".SH", "EXIT STATUS", unfilled(find_help_topic("exit")->text));
  page += section(".SH", "ENVIRONMENT", unfilled(find_help_topic("environment")->text));
  return page;
}

}  // namespace attn
