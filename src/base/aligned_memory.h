#pragma once
// Memory for arrays of numbers: aligned for SIMD, and on large pages where it is large. A product walks down columns, where
// every row lies on another page of 4 KB: 1024 rows of three matrices are more pages than a processor remembers.

#include <cstddef>
#include <memory>
#include <type_traits>

namespace attn {

constexpr std::size_t kMemoryAlignment = 64;

/// Returns what allocate_aligned gave.
struct AlignedFree {
  std::size_t bytes = 0;  // as many as were asked for

  void operator()(void* memory) const;
};

/// `bytes`, uninitialised, aligned to 64. From 2 MB on the system is asked for pages of that size, which it gives as they are
/// written to (Linux: transparent huge pages), and takes the memory back as soon as it is freed. Throws std::bad_alloc.
void* allocate_aligned(std::size_t bytes);

template <class T>
using AlignedArray = std::unique_ptr<T[], AlignedFree>;

/// `count` uninitialised elements in such memory.
template <class T>
AlignedArray<T> make_aligned_array(std::size_t count) {
  static_assert(std::is_trivially_destructible_v<T> && std::is_trivially_copyable_v<T>);
  const std::size_t bytes = count * sizeof(T);
  return AlignedArray<T>(static_cast<T*>(allocate_aligned(bytes)), AlignedFree{bytes});
}

}  // namespace attn
