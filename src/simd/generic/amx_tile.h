#pragma once
// The innermost loop of products on Intel's matrix unit (AMX), whose registers hold 16 x 16 floats or 16 x 32 bfloat16
// numbers, and whose instruction multiplies two of these and adds to one of those.

#include "simd/generic/pack_parts.h"

namespace attn::simd {
namespace {

constexpr int64_t kAmxRows = 2 * kLanes, kAmxColumns = 2 * kLanes;  // of c that its four registers of sums hold

/// The shape of the eight registers, as the instruction that sets it wants it.
struct alignas(64) AmxShape {
  uint8_t palette = 1, start_row = 0, reserved[14] = {};
  uint16_t row_bytes[16] = {64, 64, 64, 64, 64, 64, 64, 64};
  uint8_t rows[16] = {16, 16, 16, 16, 16, 16, 16, 16};
};

/// Registers in use: each thread says so before its first product, and lets go after the last, as the system need not save
/// what is not in use.
struct AmxRegisters {
  static constexpr AmxShape kShape = {};
  AmxRegisters() { _tile_loadconfig(&kShape); }
  ~AmxRegisters() { _tile_release(); }
  AmxRegisters(const AmxRegisters&) = delete;
  AmxRegisters& operator=(const AmxRegisters&) = delete;
};

/// Rows of floats that lie `stride` floats apart; with 0, they are all the same. Null means zeros.
struct AmxFloats {
  float* data;
  int64_t stride;
};

// Registers 0 … 3 are sums, rows by columns, 4 and 5 parts of a, 6 and 7 parts of b. Their numbers are part of an
// instruction.
template <int kRowTiles, int kColumnTiles>
ATTN_INLINE void load_sums(AmxFloats from) {
  const int64_t bytes = from.stride * 4;
  _tile_loadd(0, from.data, bytes);
  if constexpr (kColumnTiles == 2) _tile_loadd(1, from.data + kLanes, bytes);
  if constexpr (kRowTiles == 2) _tile_loadd(2, from.data + kLanes * from.stride, bytes);
  if constexpr (kRowTiles == 2 && kColumnTiles == 2) _tile_loadd(3, from.data + kLanes * from.stride + kLanes, bytes);
}

ATTN_INLINE void clear_sums() {
  _tile_zero(0);
  _tile_zero(1);
  _tile_zero(2);
  _tile_zero(3);
}

template <int kRowTiles, int kColumnTiles>
ATTN_INLINE void store_sums(AmxFloats to) {
  const int64_t bytes = to.stride * 4;
  _tile_stored(0, to.data, bytes);
  if constexpr (kColumnTiles == 2) _tile_stored(1, to.data + kLanes, bytes);
  if constexpr (kRowTiles == 2) _tile_stored(2, to.data + kLanes * to.stride, bytes);
  if constexpr (kRowTiles == 2 && kColumnTiles == 2) _tile_stored(3, to.data + kLanes * to.stride + kLanes, bytes);
}

template <int kRowTiles>
ATTN_INLINE void load_a(const PairWord* a) {
  _tile_loadd(4, a, 64);
  if constexpr (kRowTiles == 2) _tile_loadd(5, a + kRegisterWords, 64);
}

template <int kColumnTiles>
ATTN_INLINE void load_b(const PairWord* b) {
  _tile_loadd(6, b, 64);
  if constexpr (kColumnTiles == 2) _tile_loadd(7, b + kRegisterWords, 64);
}

template <int kRowTiles, int kColumnTiles>
ATTN_INLINE void add_products() {
  _tile_dpbf16ps(0, 4, 6);
  if constexpr (kColumnTiles == 2) _tile_dpbf16ps(1, 4, 7);
  if constexpr (kRowTiles == 2) _tile_dpbf16ps(2, 5, 6);
  if constexpr (kRowTiles == 2 && kColumnTiles == 2) _tile_dpbf16ps(3, 5, 7);
}

/// Rows of memory, kStepDepth floats of each, some of which are fetched in every step while a tile is multiplied.
struct AmxAhead {
  const float* data;
  int64_t ld, rows_a_step, step_stride;  // floats from the rows of one step to those of the next
};

ATTN_INLINE void fetch(const AmxAhead& ahead, int64_t step) {
  const float* row = ahead.data + step * ahead.step_stride;
  for (int64_t i = 0; i < ahead.rows_a_step; ++i, row += ahead.ld) {
    __builtin_prefetch(row, 0, 2);
    __builtin_prefetch(row + kLanes, 0, 2);
  }
}

/// to = from + a·b over `steps` of kStepDepth of k. Of three parts it takes the six products that a float's last bit may
/// depend on, in an order in which one operand stays.
template <int kParts, int kRowTiles, int kColumnTiles>
ATTN_ONE_COPY void multiply_amx_tile(const PairWord* a, const PairWord* b, int64_t steps, AmxFloats from, AmxFloats to,
                                     const AmxAhead& a_ahead, const AmxAhead& c_ahead) {
  __asm__ volatile("" ::: "memory");  // the compiler does not know that the registers are loaded from memory
  if (from.data) {
    load_sums<kRowTiles, kColumnTiles>(from);
  } else {
    clear_sums();
  }
  for (int64_t step = 0; step < steps; ++step, a += kParts * kPartWords, b += kParts * kPartWords) {
    load_a<kRowTiles>(a);
    if constexpr (kParts == 3) {
      load_b<kColumnTiles>(b + 2 * kPartWords);
      add_products<kRowTiles, kColumnTiles>();
      load_b<kColumnTiles>(b + kPartWords);
      add_products<kRowTiles, kColumnTiles>();
      load_a<kRowTiles>(a + kPartWords);
      add_products<kRowTiles, kColumnTiles>();
      load_b<kColumnTiles>(b);
      add_products<kRowTiles, kColumnTiles>();
      load_a<kRowTiles>(a + 2 * kPartWords);
      add_products<kRowTiles, kColumnTiles>();
      load_a<kRowTiles>(a);
    } else {
      load_b<kColumnTiles>(b);
    }
    add_products<kRowTiles, kColumnTiles>();
    fetch(a_ahead, step);
    fetch(c_ahead, step);
  }
  store_sums<kRowTiles, kColumnTiles>(to);
  __asm__ volatile("" ::: "memory");
}

template <int kParts>
ATTN_INLINE void multiply_amx_tile(const PairWord* a, const PairWord* b, int64_t steps, int64_t rows, int64_t columns,
                                   AmxFloats from, AmxFloats to, const AmxAhead& a_ahead, const AmxAhead& c_ahead) {
  if (rows > kLanes) {
    if (columns > kLanes) return multiply_amx_tile<kParts, 2, 2>(a, b, steps, from, to, a_ahead, c_ahead);
    return multiply_amx_tile<kParts, 2, 1>(a, b, steps, from, to, a_ahead, c_ahead);
  }
  if (columns > kLanes) return multiply_amx_tile<kParts, 1, 2>(a, b, steps, from, to, a_ahead, c_ahead);
  multiply_amx_tile<kParts, 1, 1>(a, b, steps, from, to, a_ahead, c_ahead);
}

/// As fast as the unit goes, from registers to registers.
double amx_peak(int64_t repeats, float* sink) {
  const AmxRegisters registers;
  clear_sums();
  _tile_zero(4);
  _tile_zero(5);
  _tile_zero(6);
  _tile_zero(7);
  for (int64_t i = 0; i < repeats; ++i) add_products<2, 2>();
  static_assert(kMatrixSink == kAmxRows * kAmxColumns);
  store_sums<2, 2>({sink, kAmxColumns});
  return 2.0 * kAmxRows * kAmxColumns * kStepDepth * static_cast<double>(repeats);
}

}  // namespace
}  // namespace attn::simd
