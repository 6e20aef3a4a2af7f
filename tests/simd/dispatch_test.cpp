#include <doctest/doctest.h>

#include <cstdlib>
#include <cstring>
#include <set>
#include <string>
#include <vector>

#include "support.h"

namespace attn::test {
namespace {

TEST_CASE("the chosen instruction set is the best one, or the one that ATTN_SIMD names") {
  bool chosen = false;  // or one before it, if those behind it have an instruction that is slower here
  for_each_instruction_set([&](const simd::Kernels& kernels) {
    chosen = simd::kernels() == &kernels || (kernels.bf16_instruction && chosen);
  });
  const char* forced = std::getenv("ATTN_SIMD");
  if (forced && *forced) {
    CHECK(simd::kernels() == simd::kernels_named(forced));
  } else {
    CHECK(chosen);
  }
}

TEST_CASE("a named instruction set is another table with other functions, as wide as it says") {
  std::set<double (*)(std::int64_t, float*)> functions;
  std::set<std::string> names;
  for_each_instruction_set([&](const simd::Kernels& kernels) {
    const bool avx512 = std::strncmp(kernels.name, "avx512", 6) == 0;
    const std::int64_t width = avx512 ? 16 : std::strcmp(kernels.name, "avx2") == 0 ? 8 : 4;
    CHECK(kernels.vector_floats == width);
    CHECK(simd::kernels_named(kernels.name) == &kernels);
    CHECK(kernels.bf16_instruction == (avx512 && std::strcmp(kernels.name, "avx512") != 0));
    CHECK((functions.insert(kernels.fma_peak).second || kernels.bf16_instruction));  // which has those of avx512
    CHECK(names.insert(kernels.name).second);
  });
  CHECK(names.count("baseline") == 1);
  CHECK(simd::kernels_named("sse9") == nullptr);
  CHECK(simd::kernels_named("") == nullptr);
}

TEST_CASE("products in bfloat16 have a tile of their own where there is an instruction for them") {
  for_each_instruction_set([&](const simd::Kernels& kernels) {
    CHECK(!kernels.plan_matmul({.m = 8, .n = 8, .k = 8}).pairs.multiply);
    const simd::MatmulPlan plan = kernels.plan_matmul({.m = 64, .n = 64, .k = 64, .bf16 = true});
    const bool amx = plan.method == simd::MatmulMethod::amx;
    CHECK(amx == (std::strcmp(kernels.name, "avx512amx") == 0));
    CHECK((plan.pairs.multiply != nullptr) == (kernels.bf16_instruction && !amx));
    CHECK(plan.pairs.scaled == (std::strcmp(kernels.name, "avx512vnni") == 0));
  });
}

TEST_CASE("the peak is counted in whole vectors") {
  for_each_instruction_set([](const simd::Kernels& kernels) {
    float sink = 0;
    const double flops = kernels.fma_peak(10, &sink);
    CHECK(flops > 0);
    CHECK(kernels.fma_peak(20, &sink) == 2 * flops);
    CHECK(static_cast<std::int64_t>(flops) % (20 * kernels.vector_floats) == 0);
    CHECK(sink > 0);
  });
}

TEST_CASE("reading for the bandwidth touches every number") {
  for_each_instruction_set([](const simd::Kernels& kernels) {
    for (const std::int64_t count : {0, 1, 127, 128, 129, 1000}) {
      const std::vector<float> ones(static_cast<std::size_t>(count), 1.0f);
      CHECK(kernels.read_all(ones.data(), 0, count) == static_cast<float>(count));
    }
  });
}

}  // namespace
}  // namespace attn::test
