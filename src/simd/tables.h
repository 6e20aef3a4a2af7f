#pragma once
// The tables that isa_*.cpp define; only dispatch.cpp chooses among them.

#include "simd/kernels.h"

namespace attn::simd {

extern const Kernels kBaselineKernels;
#if defined(__x86_64__)
extern const Kernels kAvx2Kernels;
extern const Kernels kAvx512Kernels;
#endif

}  // namespace attn::simd
