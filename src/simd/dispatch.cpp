#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <vector>

#include "simd/kernels.h"
#include "simd/tables.h"

namespace attn::simd {
namespace {

#if defined(__x86_64__)
// __builtin_cpu_supports also asks whether the system saves the wide registers.
bool has_avx2() {
  return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
}
bool has_avx512() {
  return has_avx2() && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
         __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
}
bool has_avx512vnni() {
  return has_avx512() && __builtin_cpu_supports("avx512vnni");
}
bool has_avx512bf16() {
  return has_avx512() && __builtin_cpu_supports("avx512bf16");
}

/// Floating-point operations a second of `work`, which returns how many it did: of a few runs the best.
template <class Work>
double best_rate(Work work) {
  using Clock = std::chrono::steady_clock;
  constexpr int kRuns = 5;
  double best = 0;
  for (int run = 0; run < kRuns; ++run) {
    const auto start = Clock::now();
    const double operations = work();
    best = std::max(best, operations / std::chrono::duration<double>(Clock::now() - start).count());
  }
  return best;
}

/// Whether tiles of pairs do more in a time than multiply-adds of floats, and enough more to pay for the copies. That of
/// bfloat16 numbers does twice as much on AMD's Zen 4 (IREE, pull request 15089), but begins only every other cycle on
/// Intel's Emerald Rapids, which makes it half as much, where that of whole numbers does twice as much (both measured).
/// Takes less than 0.1 ms.
bool pays(const PairFormat& format) {
  constexpr int64_t kRows = 14, kColumns = 32, kPairs = 2 * kPairBlock, kRepeats = 500;
  constexpr double kLeast = 1.2;
  const std::vector<float> zeros((kPairs + 2 * kPairs / kPairBlock) * kColumns);  // words and scales
  std::vector<float> c(kRows * kColumns);
  const auto* const words = reinterpret_cast<const PairWord*>(zeros.data());
  float sink = 0;
  const PairTile tile{words, words, kPairs, c.data(), kColumns, kRows, kColumns, nullptr, false, {}, {}};
  const double in_floats = best_rate([&] { return kAvx512Kernels.fma_peak(kRepeats, &sink); });
  const double in_pairs = best_rate([&] {
    format.multiply(tile);
    return 2.0 * kRows * kColumns * 2 * kPairs;
  });
  return in_pairs > kLeast * in_floats;
}

template <const PairFormat& kFormat>
const Kernels& kernels_with(const char* name) {
  static const Kernels table = [name] {
    Kernels changed = kAvx512Kernels;
    changed.name = name;
    changed.bf16_instruction = true;
    changed.plan_matmul = [](const Matmul& product) {
      return product.bf16 ? kAvx512PlanPairs(product, kFormat) : kAvx512Kernels.plan_matmul(product);
    };
    return changed;
  }();
  return table;
}
const Kernels& avx512vnni_kernels() {
  return kernels_with<kAvx512VnniPairs>("avx512vnni");
}
const Kernels& avx512bf16_kernels() {
  return kernels_with<kAvx512Bf16Pairs>("avx512bf16");
}

const Kernels& best_kernels() {
  if (has_avx512bf16() && pays(kAvx512Bf16Pairs)) return avx512bf16_kernels();
  if (has_avx512vnni() && pays(kAvx512VnniPairs)) return avx512vnni_kernels();
  return has_avx512() ? kAvx512Kernels : has_avx2() ? kAvx2Kernels : kBaselineKernels;
}
#else
const Kernels& best_kernels() {
  return kBaselineKernels;
}
#endif

}  // namespace

const char* const* kernel_names() {
#if defined(__x86_64__)
  static constexpr const char* kNames[] = {"baseline", "avx2", "avx512", "avx512vnni", "avx512bf16", nullptr};
#else
  static constexpr const char* kNames[] = {"baseline", nullptr};
#endif
  return kNames;
}

const Kernels* kernels_named(const char* name) {
  if (std::strcmp(name, "baseline") == 0) return &kBaselineKernels;
#if defined(__x86_64__)
  if (std::strcmp(name, "avx2") == 0 && has_avx2()) return &kAvx2Kernels;
  if (std::strcmp(name, "avx512") == 0 && has_avx512()) return &kAvx512Kernels;
  if (std::strcmp(name, "avx512vnni") == 0 && has_avx512vnni()) return &avx512vnni_kernels();
  if (std::strcmp(name, "avx512bf16") == 0 && has_avx512bf16()) return &avx512bf16_kernels();
#endif
  return nullptr;
}

const Kernels* kernels() {
  static const Kernels* const chosen = [] {
    if (const char* forced = std::getenv("ATTN_SIMD"); forced && *forced) return kernels_named(forced);
    return &best_kernels();
  }();
  return chosen;
}

}  // namespace attn::simd
