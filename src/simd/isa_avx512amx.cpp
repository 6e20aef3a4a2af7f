// Intel's AMX, with AVX-512 as isa_avx512.cpp is compiled for: products alone.
#if defined(__x86_64__)
#define ATTN_VECTOR_BYTES 64
#include "simd/generic/matmul_amx.h"
#include "simd/tables.h"

namespace attn::simd {
const AmxProducts kAmxProducts = {uses_amx, plan_amx, pack_matmul_amx, matmul_amx, amx_peak};
}  // namespace attn::simd
#endif
