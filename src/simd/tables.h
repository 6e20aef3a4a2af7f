#pragma once
// The tables that isa_*.cpp define; only dispatch.cpp chooses among them.

#include "simd/kernels.h"

namespace attn::simd {

extern const Kernels kBaselineKernels;
#if defined(__x86_64__)
extern const Kernels kAvx2Kernels;
extern const Kernels kAvx512Kernels;
/// What a processor with AVX512-BF16 or AVX512-VNNI has beyond kAvx512Kernels, for the same tiles, and the plans for it.
extern const PairFormat kAvx512Bf16Pairs, kAvx512VnniPairs;
extern MatmulPlan (*const kAvx512PlanPairs)(const Matmul&, PairFormat);
/// What a processor with AMX does of the products: those that it takes.
struct AmxProducts {
  bool (*takes)(const Matmul&);
  MatmulPlan (*plan)(const Matmul&);
  void (*pack)(const Matmul&, const MatmulPlan&, int64_t round, int64_t block, float* packed);
  void (*multiply)(const Matmul&, const MatmulPlan&, int64_t round, int64_t block, const float* packed, float* scratch);
  double (*peak)(int64_t repeats, float* sink);
};
extern const AmxProducts kAmxProducts;
#endif

}  // namespace attn::simd
