#include "base/arena.h"

#include <algorithm>
#include <new>

namespace attn {

namespace {
constexpr std::size_t kSmallestChunk = std::size_t{1} << 16;
}

void Arena::Free::operator()(std::byte* memory) const {
  ::operator delete (memory, std::align_val_t{kAlignment});
}

void Arena::add_chunk(std::size_t at_least) {
  // Half of what is already held: few chunks for big models, little waste for small ones.
  const std::size_t size = std::max({at_least, kSmallestChunk, capacity_ / 2});
  auto* memory = static_cast<std::byte*>(::operator new (size, std::align_val_t{kAlignment}));
  chunks_.push_back({std::unique_ptr<std::byte, Free>(memory), size});
  capacity_ += size;
}

void* Arena::allocate(std::size_t bytes) {
  const std::size_t rounded = (bytes + kAlignment - 1) / kAlignment * kAlignment;
  while (current_ < chunks_.size() && used_ + rounded > chunks_[current_].size) {
    ++current_;
    used_ = 0;
  }
  if (current_ == chunks_.size()) add_chunk(rounded);
  void* result = chunks_[current_].memory.get() + used_;
  used_ += rounded;
  return result;
}

void Arena::reset() {
  current_ = 0;
  used_ = 0;
}

}  // namespace attn
