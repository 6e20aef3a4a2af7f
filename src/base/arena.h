#pragma once
// Memory that is handed out in sequence and taken back all at once. After the first pass through the same work
// nothing is allocated any more. Nothing that is put into an arena gets its destructor called.

#include <cstddef>
#include <type_traits>
#include <vector>

#include "base/aligned_memory.h"

namespace attn {

class Arena {
 public:
  Arena() = default;
  Arena(const Arena&) = delete;
  Arena& operator=(const Arena&) = delete;

  /// `bytes` of uninitialised memory, aligned to 64 bytes, valid until reset(). Throws std::bad_alloc.
  void* allocate(std::size_t bytes);

  /// An uninitialised array of `count` elements.
  template <class T>
  T* array(std::size_t count) {
    static_assert(std::is_trivially_destructible_v<T> && std::is_trivially_copyable_v<T>);
    return static_cast<T*>(allocate(count * sizeof(T)));
  }

  /// Takes everything back; the memory is kept for the next pass.
  void reset();
  /// Bytes held.
  std::size_t capacity() const { return capacity_; }

 private:
  struct Chunk {
    AlignedArray<std::byte> memory;
    std::size_t size;
  };
  void add_chunk(std::size_t at_least);

  std::vector<Chunk> chunks_;
  std::size_t current_ = 0;   // index of the chunk in use
  std::size_t used_ = 0;      // bytes used of it
  std::size_t capacity_ = 0;  // bytes in all chunks
};

}  // namespace attn
