#include <cstdlib>
#include <cstring>

#if defined(__x86_64__) && defined(__linux__)
#include <cpuid.h>
#include <sys/syscall.h>
#include <unistd.h>
#endif

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

/// Whether AMX multiplies bfloat16 numbers, and the system, asked for this process, saves its registers.
bool has_avx512amx() {
#if defined(__linux__)
  static const bool has = [] {
    constexpr unsigned kAmxBf16 = 1u << 22, kAmxTile = 1u << 24;      // of leaf 7's edx
    constexpr long kRequestPermission = 0x1023, kTileRegisters = 18;  // arch_prctl(2)'s ARCH_REQ_XCOMP_PERM
    unsigned eax = 0, ebx = 0, ecx = 0, edx = 0;
    return has_avx512() && __get_cpuid_count(7, 0, &eax, &ebx, &ecx, &edx) && (edx & kAmxBf16) && (edx & kAmxTile) &&
           syscall(SYS_arch_prctl, kRequestPermission, kTileRegisters) == 0;
  }();
  return has;
#else
  return false;
#endif
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

const Kernels& avx512amx_kernels() {
  static const Kernels table = [] {
    Kernels changed = kAvx512Kernels;
    changed.name = "avx512amx";
    changed.bf16_instruction = true;
    changed.matrix_peak = kAmxProducts.peak;
    changed.plan_matmul = [](const Matmul& product) {
      return kAmxProducts.takes(product) ? kAmxProducts.plan(product) : kAvx512Kernels.plan_matmul(product);
    };
    changed.pack_matmul = [](const Matmul& product, const MatmulPlan& plan, int64_t round, int64_t block,
                             float* packed) {
      const bool amx = plan.method == MatmulMethod::amx;
      (amx ? kAmxProducts.pack : kAvx512Kernels.pack_matmul)(product, plan, round, block, packed);
    };
    changed.matmul = [](const Matmul& product, const MatmulPlan& plan, int64_t round, int64_t block,
                        const float* packed, float* scratch) {
      const bool amx = plan.method == MatmulMethod::amx;
      (amx ? kAmxProducts.multiply : kAvx512Kernels.matmul)(product, plan, round, block, packed, scratch);
    };
    return changed;
  }();
  return table;
}

/// AVX512-BF16 does twice f32's work on AMD's processors (Zen 4: IREE, pull request 15089), but half of it on Intel's (its
/// instruction begins every other cycle, measured on Emerald Rapids), where AVX512-VNNI does twice. A function of
/// processor and system alone, as results depend on it.
const Kernels& best_kernels() {
  if (has_avx512amx()) return avx512amx_kernels();
  if (has_avx512bf16() && __builtin_cpu_is("amd")) return avx512bf16_kernels();
  if (has_avx512vnni()) return avx512vnni_kernels();
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
  static constexpr const char* kNames[] = {"baseline",   "avx2",      "avx512", "avx512vnni",
                                           "avx512bf16", "avx512amx", nullptr};
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
  if (std::strcmp(name, "avx512amx") == 0 && has_avx512amx()) return &avx512amx_kernels();
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
