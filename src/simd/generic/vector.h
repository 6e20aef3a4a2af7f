#pragma once
// The vector type that every kernel is written in, for whichever instruction set this file is compiled.
// Everything under generic/ lives in an anonymous namespace and uses no std templates: a function that was
// compiled for AVX-512 must never be the linker's choice for the whole program.

#include <stdint.h>

#include "simd/kernels.h"

#ifndef ATTN_VECTOR_BYTES
#error "include this through one of the isa_*.cpp files, which say the vector width"
#endif

#if defined(__SSE2__)
#include <immintrin.h>
#elif defined(__ARM_NEON)
#include <arm_neon.h>
#endif

#define ATTN_INLINE inline __attribute__((always_inline))
// Of functions that are large for what they do: the compiler makes no second copy for a caller's constants.
#if defined(__clang__)
#define ATTN_ONE_COPY __attribute__((noinline))
#else
#define ATTN_ONE_COPY __attribute__((noinline, noclone))
#endif
#if defined(__clang__)
#define ATTN_UNROLL _Pragma("clang loop unroll(full)")
#define ATTN_KEEP_LOOP _Pragma("clang loop unroll(disable)")
#else
#define ATTN_UNROLL _Pragma("GCC unroll 32")
#define ATTN_KEEP_LOOP _Pragma("GCC unroll 1")
#endif

namespace attn::simd {
namespace {

constexpr int kLanes = ATTN_VECTOR_BYTES / 4;

typedef float Vec __attribute__((vector_size(ATTN_VECTOR_BYTES)));
typedef int32_t VecInt __attribute__((vector_size(ATTN_VECTOR_BYTES)));
typedef uint32_t VecWord __attribute__((vector_size(ATTN_VECTOR_BYTES)));
typedef float VecInMemory __attribute__((vector_size(ATTN_VECTOR_BYTES), aligned(4), may_alias));

/// The whole vector, as opposed to its first lanes.
struct All {
  static constexpr int64_t count = kLanes;
};
/// The first `count` lanes, 0 <= count < kLanes; loads give 0 in the others.
struct First {
  int64_t count;
};

ATTN_INLINE int64_t min(int64_t a, int64_t b) {
  return a < b ? a : b;
}
ATTN_INLINE int64_t max(int64_t a, int64_t b) {
  return a > b ? a : b;
}
constexpr int64_t kRowsAhead = 8;  // where rows that lie apart are copied: the hardware does not fetch them ahead

template <class T>
ATTN_INLINE void swap(T& a, T& b) {
  const T old = a;
  a = b;
  b = old;
}
ATTN_INLINE int64_t round_up(int64_t x, int64_t unit) {
  return (x + unit - 1) / unit * unit;
}
ATTN_INLINE int64_t ceil_div(int64_t a, int64_t b) {
  return (a + b - 1) / b;
}

/// x in every lane; x - 0 is x for every x, which the compiler knows.
ATTN_INLINE Vec broadcast(float x) {
  return x - Vec{};
}
ATTN_INLINE VecWord broadcast_word(uint32_t x) {
  return x - VecWord{};
}
ATTN_INLINE VecInt bits(Vec x) {
  return reinterpret_cast<VecInt>(x);
}
ATTN_INLINE Vec from_bits(VecInt x) {
  return reinterpret_cast<Vec>(x);
}

template <int... kIndex>
struct Indices {};
template <int kCount, int... kIndex>
struct IndicesBelow : IndicesBelow<kCount - 1, kCount - 1, kIndex...> {};
template <int... kIndex>
struct IndicesBelow<0, kIndex...> {
  typedef Indices<kIndex...> type;
};
typedef IndicesBelow<kLanes>::type LaneIndices;

template <int... kIndex>
ATTN_INLINE VecInt make_iota(Indices<kIndex...>) {
  return VecInt{kIndex...};
}
/// 0, 1, 2, …
ATTN_INLINE VecInt iota() {
  return make_iota(LaneIndices{});
}

ATTN_INLINE Vec load(const float* p, All = {}) {
  return *reinterpret_cast<const VecInMemory*>(p);
}
ATTN_INLINE void store(float* p, Vec x, All = {}) {
  *reinterpret_cast<VecInMemory*>(p) = x;
}

/// The next kLanes whole numbers.
ATTN_INLINE Vec load(const int8_t* p, All = {}) {
#if ATTN_VECTOR_BYTES == 64
  const __m512i words = _mm512_maskz_cvtepi8_epi32(0xFFFF, _mm_loadu_si128(reinterpret_cast<const __m128i*>(p)));
  return __builtin_convertvector(reinterpret_cast<VecInt>(words), Vec);
#elif ATTN_VECTOR_BYTES == 32
  const __m256i words = _mm256_cvtepi8_epi32(_mm_loadl_epi64(reinterpret_cast<const __m128i*>(p)));
  return __builtin_convertvector(reinterpret_cast<VecInt>(words), Vec);
#else
  typedef int8_t Bytes __attribute__((vector_size(kLanes)));
  Bytes bytes;
  __builtin_memcpy(&bytes, p, sizeof bytes);
  return __builtin_convertvector(bytes, Vec);
#endif
}
/// The same: rows of bytes end with a whole vector, and what the last lanes hold does not count.
ATTN_INLINE Vec load(const int8_t* p, First) {
  return load(p);
}

#if ATTN_VECTOR_BYTES == 64
/// Half a vector is common, as rows of 8 are: what was stored under a mask a moment ago can only be read when the store has
/// left the processor's queue.
struct Half {
  static constexpr int64_t count = kLanes / 2;
};
typedef float HalfInMemory __attribute__((vector_size(32), aligned(4), may_alias));

ATTN_INLINE Vec load(const float* p, Half) {
  return __builtin_shufflevector(*reinterpret_cast<const HalfInMemory*>(p), HalfInMemory{}, 0, 1, 2, 3, 4, 5, 6, 7, 8,
                                 9, 10, 11, 12, 13, 14, 15);
}
ATTN_INLINE void store(float* p, Vec x, Half) {
  *reinterpret_cast<HalfInMemory*>(p) = __builtin_shufflevector(x, x, 0, 1, 2, 3, 4, 5, 6, 7);
}
ATTN_INLINE Vec load(const int8_t* p, Half) {
  return load(p);
}
ATTN_INLINE Vec first_of(Vec x, Half) {
  return iota() < static_cast<int32_t>(kLanes / 2) ? x : Vec{};
}
ATTN_INLINE Vec load(const float* p, First part) {
  return reinterpret_cast<Vec>(_mm512_maskz_loadu_ps(static_cast<__mmask16>((1u << part.count) - 1), p));
}
ATTN_INLINE void store(float* p, Vec x, First part) {
  _mm512_mask_storeu_ps(p, static_cast<__mmask16>((1u << part.count) - 1), reinterpret_cast<__m512>(x));
}
#elif ATTN_VECTOR_BYTES == 32
ATTN_INLINE __m256i first_lanes(int64_t count) {
  return reinterpret_cast<__m256i>(iota() < static_cast<int32_t>(count));
}
ATTN_INLINE Vec load(const float* p, First part) {
  return reinterpret_cast<Vec>(_mm256_maskload_ps(p, first_lanes(part.count)));
}
ATTN_INLINE void store(float* p, Vec x, First part) {
  _mm256_maskstore_ps(p, first_lanes(part.count), reinterpret_cast<__m256>(x));
}
#else
ATTN_INLINE Vec load(const float* p, First part) {
  return Vec{part.count > 0 ? p[0] : 0.0f, part.count > 1 ? p[1] : 0.0f, part.count > 2 ? p[2] : 0.0f, 0.0f};
}
ATTN_INLINE void store(float* p, Vec x, First part) {
  if (part.count > 0) p[0] = x[0];
  if (part.count > 1) p[1] = x[1];
  if (part.count > 2) p[2] = x[2];
}
#endif

/// The next `count` floats, at most a vector; 0 beyond.
ATTN_INLINE Vec load_some(const float* p, int64_t count) {
  return count >= kLanes ? load(p) : count > 0 ? load(p, First{count}) : Vec{};
}

/// x with 0 in the lanes that are not meant.
ATTN_INLINE Vec first_of(Vec x, All) {
  return x;
}
ATTN_INLINE Vec first_of(Vec x, First part) {
  return iota() < static_cast<int32_t>(part.count) ? x : Vec{};
}

/// Calls function(i, All{}) for whole vectors from `begin` on, then function(i, First{rest}) if a rest
/// remains.
template <class Function>
ATTN_INLINE void for_each_vector(int64_t begin, int64_t end, Function function) {
  int64_t i = begin;
  for (; i + kLanes <= end; i += kLanes) function(i, All{});
#if ATTN_VECTOR_BYTES == 64
  if (end - i == Half::count) return function(i, Half{});
#endif
  if (i < end) function(i, First{end - i});
}

ATTN_INLINE void copy_row(const float* source, int64_t columns, float* out) {
  for_each_vector(0, columns, [=](int64_t i, auto lanes) { store(out + i, load(source + i, lanes), lanes); });
}

/// The same, and zeros to the end of the last vector.
ATTN_INLINE void copy_padded(const float* source, int64_t columns, float* out) {
  for_each_vector(0, columns, [=](int64_t i, auto lanes) { store(out + i, load(source + i, lanes)); });
}

/// Lanes of a, b by constant index; indices from kLanes on mean b.
template <int... kIndex>
ATTN_INLINE Vec shuffle(Vec a, Vec b) {
#if defined(__clang__)
  return __builtin_shufflevector(a, b, kIndex...);
#else
  return __builtin_shuffle(a, b, VecInt{kIndex...});
#endif
}

// One stage of the sums and transpositions below, whose lanes are told apart by bit kStep of their number.
template <int kStep, int... kLane>
ATTN_INLINE Vec sum_stage(Vec a, Vec b, Indices<kLane...>) {
  return shuffle<((kLane & kStep) ? kLanes + kLane : kLane)...>(a, b) +
         shuffle<((kLane & kStep) ? kLanes + (kLane ^ kStep) : kLane ^ kStep)...>(a, b);
}
template <int kStep, int... kLane>
ATTN_INLINE void transpose_stage(Vec& a, Vec& b, Indices<kLane...>) {
  const Vec low = shuffle<((kLane & kStep) ? kLanes + (kLane ^ kStep) : kLane)...>(a, b);
  b = shuffle<((kLane & kStep) ? kLanes + kLane : kLane ^ kStep)...>(a, b);
  a = low;
}

template <int kStep = kLanes / 2>
ATTN_INLINE void transpose_stages(Vec (&rows)[kLanes]) {
  if constexpr (kStep > 0) {
    ATTN_UNROLL
    for (int i = 0; i < kLanes; ++i) {
      if (!(i & kStep)) transpose_stage<kStep>(rows[i], rows[i + kStep], LaneIndices{});
    }
    transpose_stages<kStep / 2>(rows);
  }
}
/// Turns kLanes rows of kLanes floats into columns.
ATTN_INLINE void transpose(Vec (&rows)[kLanes]) {
  transpose_stages(rows);
}

template <int kStep = kLanes / 2>
ATTN_INLINE Vec sum_each_stages(Vec (&rows)[kLanes]) {
  if constexpr (kStep == 0) {
    return rows[0];
  } else {
    ATTN_UNROLL
    for (int i = 0; i < kStep; ++i) rows[i] = sum_stage<kStep>(rows[i], rows[i + kStep], LaneIndices{});
    return sum_each_stages<kStep / 2>(rows);
  }
}
/// Lane i of the result is the sum of all lanes of rows[i]; the rows are lost.
ATTN_INLINE Vec sum_each(Vec (&rows)[kLanes]) {
  return sum_each_stages(rows);
}

template <int kStep, int... kLane>
ATTN_INLINE Vec swap_lanes(Vec x, Indices<kLane...>) {
  return shuffle<(kLane ^ kStep)...>(x, x);
}
template <int kStep = kLanes / 2>
ATTN_INLINE float sum(Vec x) {
  if constexpr (kStep == 0) {
    return x[0];
  } else {
    return sum<kStep / 2>(x + swap_lanes<kStep>(x, LaneIndices{}));
  }
}
/// The larger of each pair of lanes; b where either is NaN.
ATTN_INLINE Vec larger(Vec a, Vec b) {
  return a > b ? a : b;
}
template <int kStep = kLanes / 2>
ATTN_INLINE float largest(Vec x) {
  if constexpr (kStep == 0) {
    return x[0];
  } else {
    return largest<kStep / 2>(larger(x, swap_lanes<kStep>(x, LaneIndices{})));
  }
}

/// x, of which the compiler knows nothing any more: it neither merges nor moves what is computed from it.
template <class T>
ATTN_INLINE T opaque(T x) {
  __asm__("" : "+r"(x));
  return x;
}

/// Keeps the compiler from folding a broadcast into each instruction that uses it, which would load it again.
ATTN_INLINE Vec in_register(Vec x) {
#if defined(__AVX512F__)
  __asm__("" : "+v"(x));
#elif defined(__SSE2__)
  __asm__("" : "+x"(x));
#elif defined(__aarch64__)
  __asm__("" : "+w"(x));
#endif
  return x;
}

/// sum += x·y. Written out where the compiler, left alone, would move sums between registers in long loops.
ATTN_INLINE void multiply_add(Vec x, Vec y, Vec& sum) {
#if defined(__AVX512F__)
  __asm__("vfmadd231ps %2, %1, %0" : "+v"(sum) : "v"(x), "v"(y));
#elif defined(__FMA__)
  __asm__("vfmadd231ps %2, %1, %0" : "+x"(sum) : "x"(x), "x"(y));
#else
  sum += x * y;
#endif
}

constexpr bool kFoldsBroadcasts = ATTN_VECTOR_BYTES == 64;

/// sum += x·y, x being one number. If kFoldsBroadcasts, it is loaded by the multiplication.
ATTN_INLINE void multiply_add(const float& x, Vec y, Vec& sum) {
#if ATTN_VECTOR_BYTES == 64
  __asm__("vfmadd231ps %2%{1to16%}, %1, %0" : "+v"(sum) : "v"(y), "m"(x));
#else
  multiply_add(broadcast(x), y, sum);
#endif
}

ATTN_INLINE Vec square_root(Vec x) {
#if ATTN_VECTOR_BYTES == 64
  return reinterpret_cast<Vec>(_mm512_maskz_sqrt_ps(0xFFFF, reinterpret_cast<__m512>(x)));
#elif ATTN_VECTOR_BYTES == 32
  return reinterpret_cast<Vec>(_mm256_sqrt_ps(reinterpret_cast<__m256>(x)));
#elif defined(__SSE2__)
  return reinterpret_cast<Vec>(_mm_sqrt_ps(reinterpret_cast<__m128>(x)));
#elif defined(__ARM_NEON)
  return reinterpret_cast<Vec>(vsqrtq_f32(reinterpret_cast<float32x4_t>(x)));
#else
  for (int i = 0; i < kLanes; ++i) x[i] = __builtin_sqrtf(x[i]);
  return x;
#endif
}

}  // namespace
}  // namespace attn::simd
