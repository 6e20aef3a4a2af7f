#!/bin/sh
# check_baseline.sh BUILD: fails if an object that every x86-64 processor must be able to run holds an AVX
# instruction, or if an object compiled for a later instruction set defines a symbol that the linker may choose for
# everybody (an inline function or a template's instance).
set -eu
build=$1
status=0
for object in $(find "$build/src" -name '*.o'); do
  case $(objdump -f "$object") in *elf64-x86-64*) ;; *) continue ;; esac
  case $object in
    */simd/isa_avx*)
      shared=$(nm -C --defined-only "$object" | grep -E ' [uvVwW] ' | head -3 || true)
      if [ -n "$shared" ]; then
        echo "$object defines symbols that other objects may end up with:" >&2
        echo "$shared" >&2
        status=1
      fi ;;
    *)
      found=$(objdump -d --no-show-raw-insn "$object" | awk '$2 ~ /^v/ || /%[yz]mm/' | head -3)
      if [ -n "$found" ]; then
        echo "$object is for every processor, but holds AVX instructions:" >&2
        echo "$found" >&2
        status=1
      fi ;;
  esac
done
exit $status
