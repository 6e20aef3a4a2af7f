#pragma once
// Picks an even sample of a long text to learn a tokenizer from.

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "text/tokenizer_trainer.h"

namespace attn {

/// Piece after piece is skipped while the sample is ahead of its share, so that it is spread over the whole text.
class EvenSample {
 public:
  /// Of `bytes` in all, at most about 50 MB; everything for the tokenizers that must have seen every character.
  EvenSample(std::int64_t bytes, TokenizerKind kind) {
    constexpr double kMost = 50e6;
    const bool all = kind == TokenizerKind::character || kind == TokenizerKind::byte;
    stride_ = all ? 1 : std::max(1.0, static_cast<double>(bytes) / kMost);
  }

  /// Whether the next piece is in the sample.
  bool takes(std::size_t bytes) {
    const bool taken = taken_ * stride_ <= seen_;
    seen_ += static_cast<double>(bytes);
    if (taken) taken_ += static_cast<double>(bytes);
    return taken;
  }

 private:
  double stride_;
  double seen_ = 0, taken_ = 0;
};

}  // namespace attn
