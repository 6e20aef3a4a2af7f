#!/bin/bash
# run_in_parts.sh PROGRAM [FILTER...]: runs the cases of a test program, as many parts of them at a time as there are CPUs.
# Shows what the parts that failed print, and one summary of all in doctest's form.
set -eu
cases=$("$@" --count --no-colors | sed -n 's/.*: \([0-9][0-9]*\)$/\1/p')
[ "$cases" -gt 0 ] || { echo "no case to run: $*" >&2; exit 1; }
logs=$(mktemp -d)
trap 'rm -rf "$logs"' EXIT
seq 1 40 "$cases" | xargs -P "$(nproc)" -I{} bash -c \
  '"${@:2}" --no-colors --first={} --last=$(({} + 39)) >"$1/{}" 2>&1 || echo stopped with $? >>"$1/{}"' part "$logs" "$@"
failed=0
for log in "$logs"/*; do
  if ! grep -q '^stopped with' "$log"; then continue; fi
  cat "$log"
  # A part that crashed has no summary: one case failed at least.
  in_part=$(awk '/^\[doctest\] test cases:/ {split($0, part, "|"); sum += part[3]} END {print (sum > 0 ? sum : 1)}' "$log")
  failed=$((failed + in_part))
done
echo "[doctest] test cases: $cases | $((cases - failed)) passed | $failed failed"
[ "$failed" -eq 0 ]
