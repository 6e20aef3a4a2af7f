// AVX-512 F, BW, DQ and VL.
#if defined(__x86_64__)
#define ATTN_VECTOR_BYTES 64
#include "simd/generic/table.h"

namespace attn::simd {
const Kernels kAvx512Kernels = make_table("avx512");
MatmulPlan (*const kAvx512PlanPairs)(const Matmul&, PairFormat) = plan_pairs;
}  // namespace attn::simd
#endif
