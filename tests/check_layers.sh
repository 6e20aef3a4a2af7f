#!/bin/sh
# Fails if a file under src/ includes a folder that its own folder may not know, or has more than 400 lines.
cd "$(dirname "$0")/.." || exit 1
find src tests -name '*.h' -o -name '*.cpp' | sort | xargs awk '
  # What each folder may include besides itself; a folder brings along what it may include itself.
  function layer(name, directly,    count, names, i, below) {
    count = split(directly, names, " ")
    for (i = 1; i <= count; i++) {
      allowed[name, names[i]] = 1
      for (below in known) if ((names[i], below) in allowed) allowed[name, below] = 1
    }
    allowed[name, name] = known[name] = 1
  }
  function complain(message) {
    printf "%s:%d: %s\n", FILENAME, FNR, message
    wrong = 1
  }
  BEGIN {
    layer("base", "")
    layer("simd", "")
    layer("threading", "base")
    layer("tensor", "base")
    layer("autograd", "simd threading tensor")
    layer("nn", "autograd")
    layer("models", "nn")
    layer("text", "base")
    layer("training", "models text")
    layer("generation", "models text")
    layer("inspection", "models text generation")
    layer("cli", "training inspection")
  }
  FNR == 401 { complain("more than 400 lines") }
  FILENAME !~ /^src\// { next }
  /^[ \t]*#[ \t]*include[ \t]*"/ {
    split(FILENAME, path, "/")
    split($0, quoted, "\"")
    split(quoted[2], target, "/")
    folder = path[2]
    if (!(folder in known)) complain("src/" folder "/ is not in the table of layers")
    else if (folder == "simd" && quoted[2] == "base/random.h") next
    else if (!(target[1] in known)) complain("includes \"" quoted[2] "\", which is not a path below src/")
    else if (!((folder, target[1]) in allowed)) complain(folder "/ may not include " target[1] "/")
  }
  # Inline code of the standard library must not be compiled for one instruction set and linked for all.
  FILENAME ~ /^src\/simd\/(isa_|generic\/)/ && /^[ \t]*#[ \t]*include[ \t]*</ && !/<(std(int|def)|float|math|string|[a-z]+intrin|arm_neon)\.h>/ {
    complain("kernels include freestanding headers only")
  }
  END { exit wrong }'
