#include "base/aligned_memory.h"

#include <sys/mman.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <limits>
#include <new>

namespace attn {

namespace {

constexpr std::size_t kLargePage = std::size_t{2} << 20;
// What is mapped is a multiple of the system's own pages, which have 4 to 64 KB.
constexpr std::size_t kMappedUnit = std::size_t{64} << 10;
constexpr std::size_t kMost = std::numeric_limits<std::ptrdiff_t>::max() - kLargePage;
// Not where AddressSanitizer is to see writes beyond the end.
#if defined(__SANITIZE_ADDRESS__)
constexpr bool kMapsLarge = false;
#elif defined(__has_feature)
constexpr bool kMapsLarge = !__has_feature(address_sanitizer);
#else
constexpr bool kMapsLarge = true;
#endif

std::size_t round_up(std::size_t bytes, std::size_t unit) {
  return (bytes + unit - 1) / unit * unit;
}

bool is_mapped(std::size_t bytes) {
  return kMapsLarge && bytes >= kLargePage;
}

/// Memory of the system, beginning where a large page does.
void* map_large(std::size_t bytes) {
  const std::size_t size = round_up(bytes, kMappedUnit), room = size + kLargePage;
  void* const mapped = ::mmap(nullptr, room, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (mapped == MAP_FAILED) throw std::bad_alloc();
  char* const first = static_cast<char*>(mapped);
  const auto address = reinterpret_cast<std::uintptr_t>(first);
  const std::size_t before = round_up(address, kLargePage) - address;
  if (before > 0) ::munmap(first, before);
  ::munmap(first + before + size, kLargePage - before);
#ifdef MADV_HUGEPAGE
  // A last page that is not used whole stays small. Whether the system does as it is asked changes speed alone.
  ::madvise(first + before, bytes / kLargePage * kLargePage, MADV_HUGEPAGE);
#endif
  return first + before;
}

}  // namespace

void AlignedFree::operator()(void* memory) const {
  if (is_mapped(bytes)) {
    ::munmap(memory, round_up(bytes, kMappedUnit));
  } else {
    std::free(memory);
  }
}

void* allocate_aligned(std::size_t bytes) {
  if (bytes > kMost) throw std::bad_alloc();
  if (is_mapped(bytes)) return map_large(bytes);
  void* const memory = std::aligned_alloc(kMemoryAlignment, round_up(bytes + (bytes == 0), kMemoryAlignment));
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}

}  // namespace attn
