// AVX512-BF16 and what isa_avx512.cpp is compiled for: tiles of bfloat16 numbers alone.
#if defined(__x86_64__)
#define ATTN_VECTOR_BYTES 64
#include "simd/generic/pair_tile.h"
#include "simd/tables.h"

namespace attn::simd {
const PairTileFunction kAvx512Bf16PairTile = multiply_pair_tile;
}
#endif
