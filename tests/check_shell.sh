#!/bin/bash
# The manual page and the completions, read by the programs that they are for; what is not installed is left out.
#
#     ATTN=./attn tests/check_shell.sh
set -u
attn=$(realpath "${ATTN:-./attn}")
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
failures=0

expect() { # NAME FOUND EXPECTED
  if [[ $2 == "$3" ]]; then return; fi
  echo "check_shell: $1: found '$2', expected '$3'"
  failures=$((failures + 1))
}
has() { command -v "$1" > /dev/null || { echo "check_shell: no $1 here, left out"; return 1; }; }

"$attn" help --man > "$folder/attn.1"
if has groff; then expect groff "$(groff -man -ww -Tutf8 "$folder/attn.1" 2>&1 > /dev/null)" ""; fi
if has mandoc; then expect mandoc "$(mandoc -Tlint "$folder/attn.1" 2>&1)" ""; fi

for shell in bash zsh fish; do
  "$attn" completion $shell > "$folder/$shell"
  if has $shell; then expect "$shell -n" "$($shell -n "$folder/$shell" 2>&1)" ""; fi
done

# A model folder, a folder that holds one, a folder without, a file.
mkdir -p "$folder/here/play" "$folder/here/models/mood" "$folder/here/other"
touch "$folder/here/play/config.json" "$folder/here/models/mood/config.json" "$folder/here/lines.txt"
cd "$folder/here" || exit 1

in_bash() {
  ( source "$folder/bash"
    COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)) COMPREPLY=()
    _attn 2> /dev/null
    printf '%s\n' "${COMPREPLY[@]}" | sort | xargs )
}
expect "bash: commands" "$(in_bash attn gen)" "generate"
expect "bash: tasks" "$(in_bash attn train cl)" "classify"
expect "bash: options" "$(in_bash attn train generate x --arc)" "--arch"
expect "bash: values" "$(in_bash attn train generate x --arch l)" "llama"
expect "bash: values behind =" "$(in_bash attn train generate x --arch = l)" "llama"
expect "bash: models" "$(in_bash attn generate '')" "models play"
expect "bash: models in folders" "$(in_bash attn generate models/)" "models/mood"
expect "bash: files" "$(in_bash attn attention play li)" "lines.txt"
expect "bash: behind an option's value" "$(in_bash attn attention play --kind cross li)" "lines.txt"
expect "bash: topics" "$(in_bash attn help tok)" "tokenize tokenizers"
expect "bash: text" "$(in_bash attn generate play --prompt '')" ""

in_fish() {
  HOME=$folder fish --no-config -c "source $folder/fish; complete -C \"$1\"" 2> /dev/null | cut -f 1 | sort | xargs
}
if has fish; then
  expect "fish: commands" "$(in_fish 'attn gen')" "generate"
  expect "fish: tasks" "$(in_fish 'attn train cl')" "classify"
  expect "fish: options" "$(in_fish 'attn train generate x --arc')" "--arch"
  expect "fish: values" "$(in_fish 'attn train generate x --arch l')" "llama"
  expect "fish: models" "$(in_fish 'attn generate ')" "models/ play/"
  expect "fish: models in folders" "$(in_fish 'attn generate models/')" "models/mood/"
  expect "fish: files" "$(in_fish 'attn attention play li')" "lines.txt"
  expect "fish: topics" "$(in_fish 'attn help tok')" "tokenize tokenizers"
fi

[[ $failures == 0 ]]
