#pragma once
// A decoder-only model that reads texts token by token through its key/value cache: several continuations of one prompt
// as a batch, so that the weights are read once for all of them, or one with drafts that are read again as a batch. Chooses
// no tokens.

#include <cstdint>
#include <span>
#include <vector>

#include "base/arena.h"
#include "models/decoder.h"
#include "nn/cache.h"
#include "simd/kernels.h"
#include "threading/thread_pool.h"

namespace attn {

class CachedDecoder {
 public:
  /// Room for `slots` texts of `tokens` tokens, or of the model's context if that is less. Model, kernels and pool must
  /// outlive the decoder. If it `drafts`, draft() alone reads the weights' copies in whole numbers.
  CachedDecoder(const DecoderModel& model, const simd::Kernels& kernels, ThreadPool& pool, int slots,
                std::int64_t tokens, bool drafts = false);

  /// Begins anew: every slot has read `prompt`, in one pass for all. Of a prompt longer than the context, the last part
  /// that fits is read. Throws Error if it is empty or holds an id that the model does not have.
  void read(std::span<const std::int32_t> prompt);

  /// Each slot reads one more token; a negative one ends the slot, which is left out from then on. When the context is
  /// full, the last half of it (with the new token) is read again in one pass from position 0.
  void append(std::span<const std::int32_t> tokens);

  /// The only slot reads one more token, for which there must be room, with the weights' copies in whole numbers.
  void draft(std::int32_t token);
  /// The only slot reads several tokens, for which there must be room, in one pass. Logits are those of append() for one
  /// after the other: of up to four tokens, to the last bit.
  void append_all(std::span<const std::int32_t> tokens);
  /// The only slot forgets its newest `count` tokens. There are no logits until it reads others.
  void take_back(int count);
  /// Tokens that the first slot has room for.
  int room() const { return cache_.context() - cache_.length(0); }

  /// Logits (V) of the token that follows in this slot, or that followed before the newest `back` tokens of append_all().
  /// Valid until the next call that reads.
  std::span<const float> logits(int slot, int back = 0) const;
  /// What the slot has read and still sees.
  std::span<const std::int32_t> window(int slot) const { return windows_[static_cast<std::size_t>(slot)]; }

 private:
  void begin_batch();
  void add_to_batch(std::span<const std::int32_t> tokens, std::int32_t first_position);
  void run_batch(bool drafts);
  void extend(std::span<const std::int32_t> tokens, bool drafts);

  const DecoderModel& model_;
  const simd::Kernels& kernels_;
  ThreadPool& pool_;
  bool drafts_;
  KeyValueCache cache_;
  Arena arena_;
  std::vector<std::vector<std::int32_t>> windows_;  // (slots): the tokens in the cache
  std::vector<bool> ended_;                         // (slots)

  // The batch: sequence b belongs to slot b and is empty if the slot has ended.
  std::vector<std::int32_t> starts_, lengths_, positions_, ids_;  // (B + 1), (B), (N), (N)
  std::vector<std::int32_t> wanted_rows_;                         // rows of (N) whose logits are wanted
  std::vector<std::int64_t> logit_rows_;                          // (slots): the slot's last row of logits_
  Tensor logits_;                                                 // (wanted rows, V)
};

}  // namespace attn
