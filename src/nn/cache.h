#pragma once
// Keys and values of tokens already read, so that a new token costs one pass over itself alone.

#include <cstdint>
#include <vector>

#include "autograd/attention.h"
#include "tensor/tensor.h"

namespace attn {

/// One slot per sequence, each with room for `context` tokens, for every layer. A pass with a cache appends
/// the batch's tokens to the slots of its sequences: sequence b of the batch belongs to slot b.
class KeyValueCache {
 public:
  KeyValueCache(int layers, int slots, int context, std::int64_t kv_width);

  int slots() const { return slots_; }
  int context() const { return context_; }
  /// Tokens held of one slot.
  int length(int slot) const { return lengths_[static_cast<std::size_t>(slot)]; }
  /// Forgets all tokens of every slot beyond the first `length`.
  void truncate(int length);
  /// Makes every slot a copy of slot 0.
  void spread_first_slot();
  /// Bytes held.
  std::size_t bytes() const { return 2 * keys_.size() * sizeof(float); }

  /// Copies the keys and values of a batch, at columns of a projection, behind what the layer's slots hold.
  /// query_starts (B + 1), B <= slots. Throws Error if a slot overflows. Lengths change only by advance().
  void append(int layer, const HeadColumns& key, const HeadColumns& value, const std::int32_t* query_starts,
              std::int64_t sequences);
  /// The layer's keys and values as tensors (slots·context, H_kv·D).
  Tensor keys(int layer);
  Tensor values(int layer);
  /// Where the slots' keys start, and how many there are once the batch's tokens are in. Valid until the next
  /// call.
  AttentionSpans spans(const std::int32_t* query_starts, std::int64_t sequences);
  /// Ends a pass: the batch's tokens count from now on.
  void advance(const std::int32_t* query_starts, std::int64_t sequences);

 private:
  float* row(std::vector<float>& storage, int layer, std::int64_t slot, std::int64_t position);

  int layers_, slots_, context_;
  std::int64_t kv_width_;                               // H_kv·D
  std::vector<float> keys_, values_;                    // (layers, slots, context, H_kv·D)
  std::vector<int> lengths_;                            // (slots)
  std::vector<std::int32_t> key_starts_, key_lengths_;  // (slots)
};

}  // namespace attn
