#include <cstdlib>
#include <cstring>

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
bool has_avx512bf16() {
  return has_avx512() && __builtin_cpu_supports("avx512bf16");
}

MatmulPlan plan_with_instruction(const Matmul& product) {
  MatmulPlan plan = kAvx512Kernels.plan_matmul(product);
  if (plan.pair_tile) plan.pair_tile = kAvx512Bf16PairTile;
  return plan;
}

const Kernels& avx512bf16_kernels() {
  static const Kernels table = [] {
    Kernels changed = kAvx512Kernels;
    changed.name = "avx512bf16";
    changed.bf16_instruction = true;
    changed.plan_matmul = plan_with_instruction;
    return changed;
  }();
  return table;
}
#endif

}  // namespace

const char* const* kernel_names() {
#if defined(__x86_64__)
  static constexpr const char* kNames[] = {"baseline", "avx2", "avx512", "avx512bf16", nullptr};
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
  if (std::strcmp(name, "avx512bf16") == 0 && has_avx512bf16()) return &avx512bf16_kernels();
#endif
  return nullptr;
}

const Kernels* kernels() {
  static const Kernels* const chosen = [] {
    if (const char* forced = std::getenv("ATTN_SIMD"); forced && *forced) return kernels_named(forced);
    const Kernels* best = nullptr;
    for (const char* const* name = kernel_names(); *name; ++name) {
      if (const Kernels* table = kernels_named(*name)) best = table;
    }
    return best;
  }();
  return chosen;
}

}  // namespace attn::simd
