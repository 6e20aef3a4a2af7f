# attn: `make` builds ./attn, `make help` lists everything else.

CXX ?= g++
BUILD ?= build
PREFIX ?= /usr/local
CXXFLAGS ?=
LDFLAGS ?=

# All CPUs; -j on the command line says otherwise. A make started by this one shares its jobs.
ifeq ($(MAKELEVEL),0)
MAKEFLAGS += -j$(shell nproc)
endif

IS_GCC := $(findstring Free Software Foundation,$(shell $(CXX) --version))

# SANITIZE=address,undefined or thread builds everything under these sanitizers (in a BUILD folder of its own).
ifdef SANITIZE
# GCC's -O1 would take half as long again to compile; so would Clang's -Og, which is its -O1.
OPTIMIZE ?= $(if $(IS_GCC),-Og,-O0)
SANITIZERS := -fsanitize=$(SANITIZE) -fno-sanitize-recover=all -fno-omit-frame-pointer
ifeq ($(SANITIZE),address,undefined)
# ASan stops where pointers that are null or lead out of an array are used: to check them twice takes a tenth longer to
# compile.
SANITIZERS += -fno-sanitize=null,object-size,pointer-overflow
endif
# The checks that sanitizers insert make GCC see uninitialised values where there are none.
SANITIZERS += $(if $(IS_GCC),-Wno-maybe-uninitialized)
else
OPTIMIZE ?= -O2
endif

WARNINGS := -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Werror
COMPILE := -std=c++20 -g1 $(WARNINGS) -Isrc -pthread -ffunction-sections -fdata-sections $(SANITIZERS)
LINK := -pthread -Wl,--gc-sections $(SANITIZERS) $(LDFLAGS) $(if $(STATIC),-static)
MACHINE := $(firstword $(subst -, ,$(shell $(CXX) -dumpmachine)))

SOURCES := $(sort $(shell find src -name '*.cpp'))
ifneq ($(MACHINE),x86_64)
SOURCES := $(filter-out src/simd/isa_avx%,$(SOURCES))
endif
# tests/bench/ holds programs of its own.
TESTS := $(sort $(filter-out tests/bench/%,$(shell find tests -name '*.cpp')))
FORMATTED = $(shell find src tests -name '*.h' -o -name '*.cpp')

OBJECTS := $(SOURCES:%.cpp=$(BUILD)/%.o)
LIBRARY := $(filter-out $(BUILD)/src/cli/main.o,$(OBJECTS))
TEST_OBJECTS := $(TESTS:%.cpp=$(BUILD)/%.o)
# Options, commands, pictures and models, whose work the folders above them do.
SMALL_OBJECTS := $(filter $(addprefix $(BUILD)/src/,cli/% inspection/% models/% base/option%),$(OBJECTS))
# The threads, and the kernels, with what they stand on and their tests: what is checked under TSan and on a foreign
# processor.
THREAD_TESTS := $(filter $(addprefix $(BUILD)/src/,base/aligned_memory.o base/error.o base/random.o threading/%),$(OBJECTS)) \
  $(filter $(BUILD)/tests/main.o $(BUILD)/tests/threading/%,$(TEST_OBJECTS))
KERNEL_TESTS := $(THREAD_TESTS) $(filter $(BUILD)/src/simd/%,$(OBJECTS)) $(filter $(BUILD)/tests/simd/%,$(TEST_OBJECTS))

# One short line a file, or, with V=1, the whole commands.
QUIET := $(if $(V),,@)

all: attn

attn: $(BUILD)/attn FORCE
	@cmp -s $< $@ || { rm -f $@ && cp $< $@ && echo '  ./attn is ready; next: ./attn help'; }

$(BUILD)/attn: $(OBJECTS)
$(BUILD)/attn-tests: $(LIBRARY) $(TEST_OBJECTS)
$(BUILD)/thread-tests: $(THREAD_TESTS)
$(BUILD)/kernel-tests: $(KERNEL_TESTS)
$(BUILD)/matmul-peer: $(LIBRARY) $(BUILD)/tests/bench/matmul_peer.o

$(BUILD)/attn $(BUILD)/attn-tests $(BUILD)/thread-tests $(BUILD)/kernel-tests $(BUILD)/matmul-peer: $(BUILD)/link-settings
	$(if $(V),,@echo '  link $@')
	$(QUIET)$(CXX) $(filter %.o,$^) $(LINK) -o $@

# One object per instruction set; nothing else may use these flags (see src/simd/kernels.h).
ISA :=
TESTS_FOLDER :=
ifndef SANITIZE
# Little time is spent in these: small code starts sooner than fast code pays.
$(SMALL_OBJECTS) $(BUILD)/headers/small/%.gch: OPTIMIZE = -Os
endif
# The program does the work: tests run as fast as with -O2, but compile in less than two thirds of the time.
$(TEST_OBJECTS) $(BUILD)/headers/tests/%.gch: OPTIMIZE = -Og
KERNEL_OPTIMIZE := -O3
ifdef SANITIZE
# Tests that train would take long without optimised kernels. What is in scope is not followed in them, as tiles would
# be kept in memory for it, and their pointers are checked by ASan alone: compiling and running take a third of the time.
KERNEL_OPTIMIZE := -O2 -fno-sanitize-address-use-after-scope -fno-sanitize=null,alignment,object-size,pointer-overflow
endif
$(BUILD)/src/simd/isa_%.o: OPTIMIZE = $(KERNEL_OPTIMIZE) -ffp-contract=fast -fno-math-errno -fno-trapping-math
ifneq ($(findstring x86_64,$(shell $(CXX) -dumpmachine)),)
$(BUILD)/src/simd/isa_avx2.o: ISA := -mavx2 -mfma
$(BUILD)/src/simd/isa_avx512.o: ISA := -mavx512f -mavx512bw -mavx512dq -mavx512vl -mfma -mprefer-vector-width=512
$(BUILD)/src/simd/isa_avx512vnni.o: ISA := -mavx512f -mavx512bw -mavx512dq -mavx512vl -mavx512vnni -mfma -mprefer-vector-width=512
$(BUILD)/src/simd/isa_avx512bf16.o: ISA := -mavx512f -mavx512bw -mavx512dq -mavx512vl -mavx512bf16 -mfma -mprefer-vector-width=512
$(BUILD)/src/simd/isa_avx512amx.o: ISA := -mavx512f -mavx512bw -mavx512dq -mavx512vl -mamx-tile -mamx-bf16 -mfma -mprefer-vector-width=512
endif

$(BUILD)/tests/%.o: TESTS_FOLDER := -Itests

# Compilers read the standard library's headers once for all files of a kind, which halves the time of a build.
# PRECOMPILE= (empty) turns it off, as ccache may want, or to see whether sources include what they use.
PRECOMPILE ?= yes
STANDARD_HEADERS := algorithm array chrono cmath cstdint cstdio cstdlib cstring functional limits map memory numeric \
  optional span string string_view utility vector
STANDARD :=
ifneq ($(PRECOMPILE),)
HEADERS := $(BUILD)/headers
# With them, GCC 12 sees writes past the end of a std::string where there are none.
FALSE_ALARMS := $(if $(IS_GCC),-Wno-array-bounds -Wno-stringop-overflow -Wno-restrict)
PROGRAM_OBJECTS := $(filter-out $(SMALL_OBJECTS) $(BUILD)/src/simd/%,$(OBJECTS))
CASE_OBJECTS := $(filter-out $(BUILD)/tests/main.o,$(filter $(BUILD)/tests/%,$(TEST_OBJECTS)))
$(SMALL_OBJECTS): STANDARD = -include $(HEADERS)/small/standard.h $(FALSE_ALARMS)
$(SMALL_OBJECTS): $(HEADERS)/small/standard.h.gch
$(PROGRAM_OBJECTS): STANDARD = -include $(HEADERS)/program/standard.h $(FALSE_ALARMS)
$(PROGRAM_OBJECTS): $(HEADERS)/program/standard.h.gch
$(CASE_OBJECTS): STANDARD = -include $(HEADERS)/tests/standard.h $(FALSE_ALARMS)
$(CASE_OBJECTS): $(HEADERS)/tests/standard.h.gch
endif

.PRECIOUS: $(BUILD)/headers/%/standard.h
$(BUILD)/headers/%/standard.h: $(BUILD)/compile-settings
	@mkdir -p $(@D)
	@printf '#include <%s>\n' $(STANDARD_HEADERS) $(if $(filter tests,$*),doctest/doctest.h) > $@

$(BUILD)/headers/%/standard.h.gch: $(BUILD)/headers/%/standard.h
	$(if $(V),,@echo '  compile the standard headers for the $*')
	$(QUIET)$(CXX) $(COMPILE) $(OPTIMIZE) $(CXXFLAGS) -x c++-header -c $< -o $@

$(BUILD)/%.o: %.cpp $(BUILD)/compile-settings
	@mkdir -p $(@D)
	$(if $(V),,@echo '  compile $<')
	$(QUIET)$(CXX) $(COMPILE) $(STANDARD) $(TESTS_FOLDER) $(OPTIMIZE) $(ISA) $(CXXFLAGS) -MMD -MP -c $< -o $@

-include $(OBJECTS:.o=.d) $(TEST_OBJECTS:.o=.d) $(BUILD)/tests/bench/matmul_peer.d

# Files that change when the settings do, so that everything is then built again.
COMPILE_SETTINGS := $(CXX) $(COMPILE) $(OPTIMIZE) $(CXXFLAGS) $(if $(PRECOMPILE),$(STANDARD_HEADERS))
LINK_SETTINGS := $(CXX) $(LINK)
$(BUILD)/compile-settings: FORCE
	@mkdir -p $(@D)
	@echo '$(COMPILE_SETTINGS)' | cmp -s - $@ || echo '$(COMPILE_SETTINGS)' > $@
$(BUILD)/link-settings: FORCE
	@mkdir -p $(@D)
	@echo '$(LINK_SETTINGS)' | cmp -s - $@ || echo '$(LINK_SETTINGS)' > $@

# FILTER is a doctest test-case filter: make test FILTER='*softmax*'
test: $(BUILD)/attn-tests $(BUILD)/attn
	$(if $(SANITIZE),,tests/check_baseline.sh $(BUILD))
	ATTN=$(abspath $(BUILD)/attn) $(TEST_RUNNER) $(BUILD)/attn-tests $(if $(FILTER),-tc='$(FILTER)')

check: check-format check-layers check-shell check-asan check-tsan

check-format:
	@clang-format --dry-run -Werror $(FORMATTED)

check-layers:
	tests/check_layers.sh

# The manual page under groff and mandoc, the completions in bash, zsh and fish, as far as they are installed.
check-shell: attn
	ATTN=./attn tests/check_shell.sh

# With ASAN_CXX=clang++, as CI has it, a second compiler's program is tested too, in no more time than g++ wants.
ASAN_CXX ?= $(CXX)
# The tests themselves are those of `make test`: what they reserve is guarded all the same, and the library, which comes
# first when linking, has the checked version of what both contain. Compiling them once more would take as long as all else.
check-asan: $(TEST_OBJECTS)
	+$(MAKE) BUILD=$(BUILD)/asan CXX=$(ASAN_CXX) SANITIZE=address,undefined TEST_OBJECTS='$(TEST_OBJECTS)' TEST_RUNNER=tests/run_in_parts.sh test

# ThreadSanitizer cannot map its memory where the kernel randomises addresses widely: setarch turns that off,
# where it is allowed to.
check-tsan:
	+$(MAKE) BUILD=$(BUILD)/tsan SANITIZE=thread $(BUILD)/tsan/thread-tests
	if setarch -R true 2>/dev/null; then setarch -R $(BUILD)/tsan/thread-tests; else $(BUILD)/tsan/thread-tests; fi

# The cross compiler does not look into /usr/include, where doctest is.
test-aarch64:
	+$(MAKE) BUILD=$(BUILD)/aarch64 CXX=aarch64-linux-gnu-g++ CXXFLAGS='-idirafter /usr/include' STATIC=1 $(BUILD)/aarch64/kernel-tests
	qemu-aarch64 $(BUILD)/aarch64/kernel-tests

# The pages of `attn attention --out x.html` and `attn export DIR x.html`; needs Python and Chromium.
test-browser: attn
	ATTN=./attn tests/browser_test.py

# One model of each family, in about three minutes: what it learns from data/, and what it does then.
demo: attn
	./attn train generate data/stories.txt --lines --out demo/stories --time 40s --force
	./attn generate demo/stories --prompt 'Once upon a time' --tokens 150 --seed 1 | tee demo/sample.txt
	./attn train translate data/en-es.tsv --norm-place pre --out demo/en-es --time 60s --force
	./attn translate demo/en-es --text 'The white horse is under the big table.'
	./attn train fill data/stories.txt --lines --out demo/fill --time 30s --force
	./attn fill demo/fill --text 'Once upon a [MASK] there was a tiny hen.' --top 3
	./attn train classify data/reviews.tsv --out demo/reviews --time 10s --force
	./attn classify demo/reviews --text 'The film is wonderful.'
	./attn attention demo/en-es --text 'The horse is white.' --out demo/attention.csv --force
	head -n 5 demo/attention.csv

bench: attn
	./attn bench

# The figures beside other programs' in one run; PEERS='--only train,decode' and the like are options of the script.
PYTHON ?= python3
bench-peers: attn $(BUILD)/matmul-peer
	$(PYTHON) tests/bench/peers.py --attn ./attn --matmul-peer $(BUILD)/matmul-peer $(PEERS)

# The manual page and the completions are written by the program itself.
SHARE = $(DESTDIR)$(PREFIX)/share
BASH_COMPLETIONS = $(SHARE)/bash-completion/completions
ZSH_COMPLETIONS = $(SHARE)/zsh/site-functions
FISH_COMPLETIONS = $(SHARE)/fish/vendor_completions.d

install: attn
	install -d $(DESTDIR)$(PREFIX)/bin $(SHARE)/man/man1 $(BASH_COMPLETIONS) $(ZSH_COMPLETIONS) $(FISH_COMPLETIONS)
	install -s -m 755 attn $(DESTDIR)$(PREFIX)/bin/attn
	./attn help --man > $(BUILD)/attn.1
	install -m 644 $(BUILD)/attn.1 $(SHARE)/man/man1/attn.1
	./attn completion bash > $(BUILD)/completion
	install -m 644 $(BUILD)/completion $(BASH_COMPLETIONS)/attn
	./attn completion zsh > $(BUILD)/completion
	install -m 644 $(BUILD)/completion $(ZSH_COMPLETIONS)/_attn
	./attn completion fish > $(BUILD)/completion
	install -m 644 $(BUILD)/completion $(FISH_COMPLETIONS)/attn.fish

uninstall:
	rm -f $(DESTDIR)$(PREFIX)/bin/attn $(SHARE)/man/man1/attn.1 $(BASH_COMPLETIONS)/attn $(ZSH_COMPLETIONS)/_attn \
	  $(FISH_COMPLETIONS)/attn.fish

clean:
	rm -rf $(BUILD) attn demo

help:
	@echo 'make                 build ./attn (CXX=clang++, STATIC=1, CXXFLAGS=..., BUILD=folder, V=1; PRECOMPILE= with ccache)'
	@echo 'make demo            train one model of each family on data/ and show what it does, into demo/'
	@echo "make test            build and run the tests (FILTER='*part of a name*')"
	@echo 'make check           format, layers, manual page and completions, tests under ASan and UBSan, threads under TSan'
	@echo '     check-format    check-layers    check-shell    check-asan (ASAN_CXX=clang++)    check-tsan: one of these'
	@echo 'make test-aarch64    kernel tests for 64-bit ARM, cross-compiled and run under qemu'
	@echo 'make test-browser    the pages of attn attention and attn export in headless Chromium'
	@echo 'make bench           measure this machine and attn on it'
	@echo 'make bench-peers     the same beside PyTorch, OpenBLAS and tokenizers, as far as they are installed'
	@echo "                     (PYTHON=python3, PEERS='--quick', PEERS=--help tells more)"
	@echo 'make install         program, manual page, completions of bash, zsh and fish into PREFIX (/usr/local),'
	@echo '                     below DESTDIR if set; make uninstall removes them'
	@echo 'make clean           remove what was built'

FORCE:
.PHONY: all test check check-format check-layers check-shell check-asan check-tsan test-aarch64 test-browser demo bench bench-peers install uninstall clean help FORCE
