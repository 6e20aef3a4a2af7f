#include "base/aligned_memory.h"

#include <doctest/doctest.h>

#include <cstdint>
#include <limits>
#include <new>

namespace attn {
namespace {

TEST_CASE("aligned memory: every byte can be written, below and beyond a large page") {
  constexpr std::size_t kLargePage = std::size_t{2} << 20;
  for (const std::size_t bytes : {std::size_t{0}, std::size_t{1}, std::size_t{65}, kLargePage - 1, kLargePage,
                                  kLargePage + 1, 3 * kLargePage - 5}) {
    CAPTURE(bytes);
    const AlignedArray<std::uint8_t> memory = make_aligned_array<std::uint8_t>(bytes);
    const auto address = reinterpret_cast<std::uintptr_t>(memory.get());
    CHECK(address != 0);
    CHECK(address % kMemoryAlignment == 0);
    for (std::size_t i = 0; i < bytes; ++i) memory[i] = static_cast<std::uint8_t>(i);
    bool kept = true;
    for (std::size_t i = 0; i < bytes; ++i) kept = kept && memory[i] == static_cast<std::uint8_t>(i);
    CHECK(kept);
  }
}

TEST_CASE("aligned memory: more than there can be is no memory") {
  constexpr std::size_t kMost = std::numeric_limits<std::size_t>::max();
  CHECK_THROWS_AS(make_aligned_array<char>(kMost - 10), std::bad_alloc);
  CHECK_THROWS_AS(make_aligned_array<char>(kMost / 2), std::bad_alloc);
}

}  // namespace
}  // namespace attn
