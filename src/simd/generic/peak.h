#pragma once
// The speed limit that the other kernels are measured against.

#include "simd/generic/tile.h"

namespace attn::simd {
namespace {

/// Enough independent sums to hide the latency of a multiply-add, in registers only.
double fma_peak(int64_t repeats, float* sink) {
  constexpr int kSums = kTileRows * kTileVectors - 2;
  Vec sums[kSums] = {};
  Vec x = in_register(broadcast(0.999f)), y = in_register(broadcast(0.001f));
  for (int64_t i = 0; i < repeats; ++i) {
    ATTN_UNROLL
    for (int j = 0; j < kSums; ++j) sums[j] = in_register(sums[j] * x + y);
  }
  Vec total = {};
  for (int j = 0; j < kSums; ++j) total += sums[j];
  *sink = sum(total);
  return 2.0 * kSums * kLanes * static_cast<double>(repeats);
}

/// Adds up with enough independent sums that only memory limits it.
float read_all(const float* x, int64_t begin, int64_t end) {
  constexpr int kSums = 8;
  Vec sums[kSums] = {};
  int64_t i = begin;
  for (; i + kSums * kLanes <= end; i += kSums * kLanes) {
    ATTN_UNROLL
    for (int j = 0; j < kSums; ++j) sums[j] += load(x + i + j * kLanes);
  }
  float total = 0;
  for (; i < end; ++i) total += x[i];
  for (int j = 0; j < kSums; ++j) total += sum(sums[j]);
  return total;
}

}  // namespace
}  // namespace attn::simd
