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
#endif

}  // namespace attn::simd
