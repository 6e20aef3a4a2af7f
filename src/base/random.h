#pragma once
// Counter-based random numbers: a number is a pure function of a key and a counter, so nothing has state,
// results do not depend on the order or the thread that asks, and resuming a training stores no generator.
// Freestanding: the kernels in simd/ use hash32 on whole vectors; always inlined, so that no copy which was
// compiled for one instruction set can be linked into code for another.

#include <stdint.h>

#define ATTN_ALWAYS_INLINE inline __attribute__((always_inline))

namespace attn {

/// What a random number is for; part of every key, so that no two purposes share numbers.
enum class RandomPurpose : uint64_t { initialize = 1, batches, dropout, sampling, data, mask, shuffle };

/// The finaliser of SplitMix64 (Steele, Lea, Flood 2014): a bijection of 64 bits whose output looks random.
ATTN_ALWAYS_INLINE constexpr uint64_t mix64(uint64_t x) {
  x += 0x9E3779B97F4A7C15u;
  x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9u;
  x = (x ^ (x >> 27)) * 0x94D049BB133111EBu;
  return x ^ (x >> 31);
}

/// A stream of numbers addressed by counter. `derive` makes an independent stream for a part of the work.
class RandomStream {
 public:
  constexpr RandomStream(uint64_t seed, RandomPurpose purpose)
      : key_(mix64(mix64(seed) ^ (static_cast<uint64_t>(purpose) << 56))) {}

  constexpr RandomStream derive(uint64_t counter) const { return RandomStream(mix64(key_ ^ mix64(counter))); }
  constexpr uint64_t key() const { return key_; }

  /// 64 random bits.
  constexpr uint64_t bits(uint64_t counter) const { return mix64(key_ ^ mix64(counter)); }
  /// Uniform in [0, 1), 53 bits.
  constexpr double uniform(uint64_t counter) const { return static_cast<double>(bits(counter) >> 11) * 0x1p-53; }
  /// Uniform in [0, bound); bound > 0. The bias is below bound / 2^53.
  constexpr uint64_t below(uint64_t counter, uint64_t bound) const {
    const uint64_t value = static_cast<uint64_t>(uniform(counter) * static_cast<double>(bound));
    return value < bound ? value : bound - 1;
  }
  /// Standard normal (Box and Muller 1958), from two uniforms of counters 2·counter and 2·counter + 1.
  double normal(uint64_t counter) const;

 private:
  constexpr explicit RandomStream(uint64_t key) : key_(key) {}
  uint64_t key_;
};

/// 32 random bits of `element` under `key`, from two rounds of a 32-bit integer hash ("lowbias32" constants
/// of C. Wellons' hash prospector). Word is uint32_t or a vector of them: xor, shift, multiply and add are
/// enough.
template <class Word>
ATTN_ALWAYS_INLINE constexpr Word hash32(Word element, uint64_t key) {
  Word x = element * 0x9E3779B9u ^ static_cast<uint32_t>(key);
  x = (x ^ (x >> 16)) * 0x21F0AAADu;
  x = (x ^ (x >> 15)) * 0x735A2D97u;
  x = (x ^ (x >> 15)) + static_cast<uint32_t>(key >> 32);
  x = (x ^ (x >> 16)) * 0x7FEB352Du;
  return x ^ (x >> 15);
}

/// An element is dropped where hash32(element, key) < dropout_threshold(rate).
ATTN_ALWAYS_INLINE constexpr uint32_t dropout_threshold(float rate) {
  return static_cast<uint32_t>(static_cast<double>(rate) * 4294967295.0);
}

}  // namespace attn
