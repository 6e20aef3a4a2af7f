#include "base/arena.h"

#include <algorithm>

namespace attn {

namespace {
constexpr std::size_t kSmallestChunk = std::size_t{1} << 16;
// Whoever needs so much will soon need more: then in chunks on large pages, which would cost others the time to clear them.
constexpr std::size_t kMuch = std::size_t{1} << 19, kSmallestOfMuch = std::size_t{1} << 21;
// Arrays of whole pages would all begin at the same place of the first-level cache: steps with d_model 32 1.01-1.02 times.
constexpr std::size_t kPage = 4096, kStagger = 320;
}  // namespace

void Arena::add_chunk(std::size_t at_least) {
  // Half of what is already held: few chunks for big models, little waste for small ones.
  const std::size_t smallest = capacity_ < kMuch ? kSmallestChunk : kSmallestOfMuch;
  const std::size_t size = std::max({at_least, smallest, capacity_ / 2});
  chunks_.push_back({make_aligned_array<std::byte>(size), size});
  capacity_ += size;
}

void* Arena::allocate(std::size_t bytes) {
  const std::size_t rounded = (bytes + kMemoryAlignment - 1) / kMemoryAlignment * kMemoryAlignment;
  while (current_ < chunks_.size() && used_ + rounded > chunks_[current_].size) {
    ++current_;
    used_ = 0;
  }
  if (current_ == chunks_.size()) add_chunk(rounded);
  void* result = chunks_[current_].memory.get() + used_;
  used_ += rounded + (rounded % kPage == 0 ? kStagger : 0);
  return result;
}

void Arena::reset() {
  current_ = 0;
  used_ = 0;
}

}  // namespace attn
