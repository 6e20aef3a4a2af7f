// The completion of bash: tables as case statements, and one function that reads them.

#include "base/error.h"
#include "cli/completion_table.h"

namespace attn {

namespace {

constexpr std::string_view kFunctions = R"sh(
# Folders with a config.json, those that hold such folders, and .tar files; any folder if there is none.
_attn_models() {
  local path
  local -a found=() folders=()
  while IFS= read -r path; do
    folders+=("$path")
    if [[ -e $path/config.json ]] || compgen -G "$path/*/config.json" > /dev/null; then found+=("$path"); fi
  done < <(compgen -d -- "$1")
  while IFS= read -r path; do [[ $path == *.tar ]] && found+=("$path"); done < <(compgen -f -- "$1")
  if ((${#found[@]} == 0)); then found=("${folders[@]}"); fi
  COMPREPLY+=("${found[@]}")
}

_attn_place() {  # models, files and words of one place, $1 the beginning of the word
  [[ -n $words ]] && COMPREPLY+=($(compgen -W "$words" -- "$1"))
  if [[ $kinds == m ]]; then
    compopt -o filenames 2> /dev/null
    _attn_models "$1"
  elif [[ $kinds == f ]]; then
    compopt -o filenames 2> /dev/null
    local path
    while IFS= read -r path; do COMPREPLY+=("$path"); done < <(compgen -f -- "$1")
  fi
}

_attn() {
  local current=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]}
  local words= kinds= flags= i option= position=0
  COMPREPLY=()
  if ((COMP_CWORD == 1)); then
    COMPREPLY=($(compgen -W "$_attn_commands --help --version" -- "$current"))
    return
  fi
  local command=${COMP_WORDS[1]}
  # --option=value arrives as three words.
  if [[ $current == "=" ]]; then
    current=; option=$before
  elif [[ $before == "=" && $COMP_CWORD -gt 2 ]]; then
    option=${COMP_WORDS[COMP_CWORD-2]}
  elif [[ $before == -* ]]; then
    option=$before
  fi
  if [[ -n $option ]] && _attn_value "$command $option"; then
    # A value of the user's own is no file's name.
    if [[ -z $words$kinds ]]; then compopt +o default +o bashdefault 2> /dev/null; fi
    _attn_place "$current"
    return
  fi
  if [[ $current == -* ]]; then
    _attn_flags "$command"
    COMPREPLY=($(compgen -W "$flags" -- "$current"))
    return
  fi
  for ((i = 2; i < COMP_CWORD; ++i)); do
    case ${COMP_WORDS[i]} in
      =) ;;
      -*) if [[ ${COMP_WORDS[i+1]} == "=" ]]; then ((i += 2)); elif _attn_value "$command ${COMP_WORDS[i]}"; then ((++i)); fi ;;
      *) ((++position)) ;;
    esac
  done
  words= kinds=
  if ((position == 0)); then _attn_argument "$command first"; else _attn_argument "$command rest"; fi
  _attn_place "$current"
}

complete -o bashdefault -o default -F _attn attn
)sh";

std::string assignments(const CompletedPlace& place) {
  return concat("words=", quoted_for_sh(joined_words(place.words)), " kinds=",
                place.files    ? "f"
                : place.models ? "m"
                               : "");
}

/// "train|learn", or with " --out|-o" behind each.
std::string pattern(const CompletedCommand& command, const std::vector<std::string>& words) {
  std::string text;
  for (const std::string_view name : command.names) {
    for (const std::string& word : words) {
      text += concat(text.empty() ? "" : "|", quoted_for_sh(concat(name, word.empty() ? "" : " ", word)));
    }
  }
  return text;
}

}  // namespace

std::string bash_completion() {
  const std::vector<CompletedCommand> commands = completed_commands();
  std::string names, flags, values, arguments;
  for (const CompletedCommand& command : commands) {
    names += concat(names.empty() ? "" : " ", command.names.front());
    std::vector<std::string> all;
    for (const CompletedOption& option : command.options) {
      all.insert(all.end(), option.flags.begin(), option.flags.end());
      if (!option.takes_value) continue;
      values += concat("    ", pattern(command, option.flags), ") ", assignments(option.value), " ;;\n");
    }
    flags += concat("    ", pattern(command, {""}), ") flags=", quoted_for_sh(joined_words(all)), " ;;\n");
    arguments += concat("    ", pattern(command, {"first"}), ") ", assignments(command.first), " ;;\n");
    arguments += concat("    ", pattern(command, {"rest"}), ") ", assignments(command.rest), " ;;\n");
  }
  return concat(
      "# Completion of attn for bash, written by `attn completion bash`.\n\n_attn_commands=", quoted_for_sh(names),
      "\n\n_attn_flags() {  # COMMAND\n  case $1 in\n", flags,
      "  esac\n}\n\n_attn_value() {  # \"COMMAND OPTION\"; false if it takes no value\n  case $1 in\n", values,
      "    *) return 1 ;;\n  esac\n}\n\n_attn_argument() {  # \"COMMAND first\" or \"COMMAND rest\"\n  case $1 in\n",
      arguments, "  esac\n}\n", kFunctions);
}

}  // namespace attn
