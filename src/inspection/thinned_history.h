#pragma once
// What is kept of something that is seen again and again over a training: never more than a fixed number of things, evenly
// over the whole time, the first and the newest always among them.

#include <cstddef>
#include <utility>
#include <vector>

namespace attn {

template <class T>
class ThinnedHistory {
 public:
  /// `most`: at least 2.
  explicit ThinnedHistory(std::size_t most) : most_(most) {}

  void add(T thing) {
    // The newest so far stays only if it stands where the stride keeps things.
    if (!numbers_.empty() && numbers_.back() % stride_ != 0) {
      numbers_.pop_back();
      things_.pop_back();
    }
    numbers_.push_back(count_++);
    things_.push_back(std::move(thing));
    while (things_.size() > most_) thin();
  }
  const std::vector<T>& things() const { return things_; }

 private:
  void thin() {
    stride_ *= 2;
    std::size_t kept = 0;
    for (std::size_t i = 0; i < things_.size(); ++i) {
      if (numbers_[i] % stride_ != 0 && i + 1 < things_.size()) continue;
      if (kept != i) things_[kept] = std::move(things_[i]);
      numbers_[kept++] = numbers_[i];
    }
    things_.erase(things_.begin() + static_cast<std::ptrdiff_t>(kept), things_.end());
    numbers_.resize(kept);
  }

  std::size_t most_, stride_ = 1, count_ = 0;
  std::vector<T> things_;
  std::vector<std::size_t> numbers_;  // how many were added before each
};

}  // namespace attn
