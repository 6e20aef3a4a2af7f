// AVX2 and FMA.
#if defined(__x86_64__)
#define ATTN_VECTOR_BYTES 32
#include "simd/generic/table.h"

namespace attn::simd {
const Kernels kAvx2Kernels = make_table("avx2");
}
#endif
