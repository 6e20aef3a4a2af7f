// The completion of zsh: the specifications of _arguments, a command each.

#include "base/error.h"
#include "cli/completion_table.h"

namespace attn {

namespace {

constexpr std::string_view kStart = R"sh(#compdef attn
# Completion of attn for zsh, written by `attn completion zsh`.

# Folders with a config.json, those that hold such folders, and .tar files; any folder if there is none.
_attn_models() {
  _path_files -g '*.tar(-.) *(-/e:_attn_holds_model:)' || _path_files -/
}

_attn_holds_model() {
  local -a inside=($REPLY/config.json(N) $REPLY/*/config.json(N))
  (( $#inside > 0 ))
}

_attn_words() {
  local -a words_of_place=("$@")
  _describe -t words 'word' words_of_place
}

_attn_words_or_models() {
  _attn_words "$@"
  _attn_models
}

_attn() {
  local curcontext=$curcontext
  local -a commands=(
)sh";

constexpr std::string_view kMiddle = R"sh(  )
  if (( CURRENT == 2 )); then
    _describe -t commands 'command' commands
    return
  fi
  shift words
  (( CURRENT-- ))
  case $words[1] in
)sh";

constexpr std::string_view kEnd = R"sh(  esac
}

if [[ $funcstack[1] == _attn ]]; then _attn "$@"; else compdef _attn attn; fi
)sh";

std::string escaped(std::string_view text, std::string_view special) {
  std::string result;
  for (const char c : text) {
    if (special.find(c) != std::string_view::npos) result += '\\';
    result += c;
  }
  return result;
}

/// What _arguments does at a place: "(a b)", "_files", …
std::string action(const CompletedPlace& place) {
  if (place.models && !place.words.empty()) return " _attn_words_or_models " + joined_words(place.words);
  if (place.files) return "_files";
  if (place.models) return " _attn_models";
  return place.words.empty() ? "" : concat("(", joined_words(place.words), ")");
}

/// One specification a flag of the option.
std::string specifications(const CompletedOption& option) {
  std::string text;
  const std::string others = option.may_repeat         ? "*"
                             : option.flags.size() > 1 ? concat("(", joined_words(option.flags), ")")
                                                       : "";
  for (const std::string& flag : option.flags) {
    std::string line = concat(others, flag);
    if (option.takes_value) line += flag.starts_with("--") ? "=" : "+";
    line += concat("[", escaped(option.help, "[]\\"), "]");
    if (option.takes_value) line += concat(":", escaped(option.value_name, ":\\"), ":", action(option.value));
    text += concat(" \\\n        ", quoted_for_sh(line));
  }
  return text;
}

std::string place(std::string_view where, const CompletedPlace& place) {
  if (action(place).empty()) return "";
  const std::string_view name = place.files ? "file" : place.models ? "model" : "word";
  return concat(" \\\n        ", quoted_for_sh(concat(where, ":", name, ":", action(place))));
}

}  // namespace

std::string zsh_completion() {
  std::string summaries, cases;
  for (const CompletedCommand& command : completed_commands()) {
    summaries += concat("    ", quoted_for_sh(concat(command.names.front(), ":", command.summary)), "\n");
    std::string names;
    for (const std::string_view name : command.names) names += concat(names.empty() ? "" : "|", name);
    cases += concat("    ", names, ")\n      _arguments -s -S");
    for (const CompletedOption& option : command.options) cases += specifications(option);
    cases += concat(place("1", command.first), place("*", command.rest), "\n      ;;\n");
  }
  return concat(kStart, summaries, kMiddle, cases, kEnd);
}

}  // namespace attn
