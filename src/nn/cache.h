#pragma once
// Keys and values of tokens already read, so that a new token costs one pass over itself alone.

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "autograd/attention.h"
#include "tensor/tensor.h"

namespace attn {

/// One slot per sequence, each with room for `context` tokens, for every layer. A pass with a cache appends
/// the batch's tokens to the slots of its sequences: sequence b of the batch belongs to slot b.
class KeyValueCache {
 public:
  KeyValueCache(int layers, int slots, int context, std::int64_t kv_width);

  /// Forgets everything and makes room for so many sequences; keeps its memory if that suffices.
  void restart(int slots, int context);

  int slots() const { return slots_; }
  int context() const { return context_; }
  /// Tokens held of one slot.
  int length(int slot) const { return lengths_[static_cast<std::size_t>(slot)]; }
  /// Forgets all tokens of every slot beyond the first `length`.
  void truncate(int length);
  /// From now on slot b holds what slot parents[b] held; the slots behind them are empty. Only what is continued more
  /// than once is copied. Throws Error if there are fewer slots than parents, or a parent is no slot.
  void reorder(std::span<const std::int32_t> parents);
  /// Bytes held.
  std::size_t bytes() const { return 2 * capacity_ * sizeof(float); }

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
  using Storage = std::unique_ptr<float[]>;

  float* row(const Storage& storage, int layer, std::int64_t place, std::int64_t position) const;
  void copy_place(int from, int to, int tokens);

  int layers_, slots_ = 0, context_ = 0;
  std::int64_t kv_width_;                               // H_kv·D
  std::size_t capacity_ = 0;                            // floats of keys_ and of values_
  Storage keys_, values_;                               // (layers, places, context, H_kv·D), as many places as slots
  std::vector<int> lengths_;                            // (slots)
  std::vector<int> places_;                             // (slots): where each slot's tokens are, a permutation
  std::vector<int> next_lengths_, next_places_;         // (slots): while they are being reordered
  std::vector<bool> taken_;                             // (places): likewise
  std::vector<std::int32_t> key_starts_, key_lengths_;  // (slots)
};

}  // namespace attn
