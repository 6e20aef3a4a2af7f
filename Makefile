# attn: make builds ./attn; `make help` lists the other targets.

CXX ?= g++
BUILD ?= build
PREFIX ?= /usr/local
OPTIMIZE ?= -O2
WARNINGS := -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Werror
CXXFLAGS ?=
LDFLAGS ?=
FLAGS := -std=c++20 $(OPTIMIZE) -g1 $(WARNINGS) -Isrc -pthread
ifdef STATIC
LINK_STATIC := -static
endif

SOURCES := $(sort $(shell find src -name '*.cpp'))
TESTS := $(sort $(shell find tests -name '*.cpp'))
OBJECTS := $(SOURCES:%.cpp=$(BUILD)/%.o)
LIBRARY := $(filter-out $(BUILD)/src/cli/main.o,$(OBJECTS))
TEST_OBJECTS := $(TESTS:%.cpp=$(BUILD)/%.o)

attn: $(BUILD)/attn
	cp $< $@

$(BUILD)/attn: $(OBJECTS)
	$(CXX) -pthread $(LDFLAGS) $(LINK_STATIC) $^ -o $@

$(BUILD)/attn-tests: $(LIBRARY) $(TEST_OBJECTS)
	$(CXX) -pthread $(LDFLAGS) $^ -o $@

# One object per instruction set; nothing else may use these flags (see src/simd/kernels.h).
$(BUILD)/src/simd/isa_%.o: OPTIMIZE = -O3 -ffp-contract=fast -fno-math-errno -fno-trapping-math
$(BUILD)/src/simd/isa_avx2.o: ISA := -mavx2 -mfma
$(BUILD)/src/simd/isa_avx512.o: ISA := -mavx512f -mavx512bw -mavx512dq -mavx512vl -mfma -mprefer-vector-width=512

$(BUILD)/%.o: %.cpp
	@mkdir -p $(@D)
	$(CXX) $(FLAGS) $(ISA) $(CXXFLAGS) -MMD -MP -c $< -o $@

-include $(OBJECTS:.o=.d) $(TEST_OBJECTS:.o=.d)

# FILTER is a doctest test-case filter: make test FILTER='*softmax*'
test: $(BUILD)/attn-tests $(BUILD)/attn
	ATTN=$(BUILD)/attn $(BUILD)/attn-tests $(if $(FILTER),-tc='$(FILTER)')

clean:
	rm -rf $(BUILD) attn

.PHONY: test clean
