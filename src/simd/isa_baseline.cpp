// Every x86-64 machine (SSE2), or NEON on aarch64.
#define ATTN_VECTOR_BYTES 16
#include "simd/generic/table.h"

namespace attn::simd {
const Kernels kBaselineKernels = make_table("baseline");
}
