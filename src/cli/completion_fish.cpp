// The completion of fish: a `complete` line an option.

#include "base/error.h"
#include "cli/completion_table.h"

namespace attn {

namespace {

constexpr std::string_view kStart = R"sh(# Completion of attn for fish, written by `attn completion fish`.

# Folders with a config.json, those that hold such folders, and .tar files; any folder if there is none.
function __attn_models
    set -l start (commandline -ct | string replace -r -- '^--[a-z0-9-]+=' '' | string replace -r '^~' $HOME)
    set -l found
    for path in $start*/
        set -l inside $path/config.json $path*/config.json
        for file in $inside
            if test -e $file
                set -a found $path
                break
            end
        end
    end
    for path in $start*.tar
        set -a found $path
    end
    if not set -q found[1]
        for path in $start*/
            set -a found $path
        end
    end
    string join \n -- $found
end

# Whether the command is one of the arguments.
function __attn_command
    set -l words (commandline -opc)
    contains -- "$words[2]" $argv
end

# Whether the word is the first (or, with `rest`, a later) one that is no option of the command `$argv[2..]`.
function __attn_place
    set -l words (commandline -opc)
    contains -- "$words[2]" $argv[2..]
    or return
    set -l count 0
    set -l skip no
    for word in $words[3..]
        if test $skip = yes
            set skip no
        else if string match -q -- '-*' $word
            if not string match -q -- '*=*' $word; and __attn_takes_value "$words[2] $word"
                set skip yes
            end
        else
            set count (math $count + 1)
        end
    end
    test $skip = no
    and if test $argv[1] = first
        test $count -eq 0
    else
        test $count -gt 0
    end
end

)sh";

std::string names_of(const CompletedCommand& command) {
  std::string names;
  for (const std::string_view name : command.names) names += concat(names.empty() ? "" : " ", name);
  return names;
}

/// The arguments of `complete` that say what can stand at a place.
std::string candidates(const CompletedPlace& place) {
  std::string words = joined_words(place.words);
  if (place.models && !place.files) words += concat(words.empty() ? "" : " ", "(__attn_models)");
  std::string text = place.files ? " -F" : " -f";
  if (!words.empty()) text += concat(" -a ", quoted_for_fish(words));
  return text;
}

std::string option_line(const std::string& names, const CompletedOption& option) {
  std::string text;
  // The flags of a switch that is on and off are two switches.
  const bool both = option.flags.size() == 2 && option.flags[0].starts_with("--");
  const std::string start = concat("complete -c attn -n ", quoted_for_fish("__attn_command " + names));
  const std::string end =
      concat(option.takes_value ? " -r" + candidates(option.value) : "", " -d ", quoted_for_fish(option.help), "\n");
  std::string flags;
  for (const std::string& flag : option.flags) {
    flags += flag.starts_with("--") ? " -l " + flag.substr(2) : " -s " + flag.substr(1);
    if (both) text += concat(start, flags, end);
    if (both) flags.clear();
  }
  return both ? text : concat(start, flags, end);
}

std::string place_line(const std::string& names, std::string_view where, const CompletedPlace& place) {
  return concat("complete -c attn -n ", quoted_for_fish(concat("__attn_place ", where, " ", names)), candidates(place),
                "\n");
}

}  // namespace

std::string fish_completion() {
  std::string takes_value = "function __attn_takes_value\n    switch $argv[1]\n        case";
  std::string lines = "complete -c attn -f\n";
  lines += "complete -c attn -n 'test (count (commandline -opc)) -eq 1' -l help -d 'the first page of the help'\n";
  lines += "complete -c attn -n 'test (count (commandline -opc)) -eq 1' -l version -d 'the version'\n";
  for (const CompletedCommand& command : completed_commands()) {
    const std::string names = names_of(command);
    lines += concat("complete -c attn -n 'test (count (commandline -opc)) -eq 1' -a ", command.names.front(), " -d ",
                    quoted_for_fish(command.summary), "\n");
    lines += place_line(names, "first", command.first) + place_line(names, "rest", command.rest);
    for (const CompletedOption& option : command.options) {
      lines += option_line(names, option);
      if (!option.takes_value) continue;
      for (const std::string_view name : command.names) {
        for (const std::string& flag : option.flags) takes_value += concat(" '", name, " ", flag, "'");
      }
    }
  }
  takes_value += "\n            return 0\n    end\n    return 1\nend\n\n";
  return concat(kStart, takes_value, lines);
}

}  // namespace attn
