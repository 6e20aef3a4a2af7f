#pragma once
// A decoder-only model that reads texts token by token through its key/value cache: several continuations of one prompt
// as a batch, so that the weights are read once for all of them. Chooses no tokens.

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
  /// outlive the decoder.
  CachedDecoder(const DecoderModel& model, const simd::Kernels& kernels, ThreadPool& pool, int slots,
                std::int64_t tokens);

  /// Begins anew: every slot has read `prompt`, in one pass for all. Of a prompt longer than the context, the last part
  /// that fits is read. Throws Error if it is empty or holds an id that the model does not have.
  void read(std::span<const std::int32_t> prompt);

  /// Each slot reads one more token; a negative one ends the slot, which is left out from then on. When the context is
  /// full, the last half of it (with the new token) is read again in one pass from position 0.
  void append(std::span<const std::int32_t> tokens);

  /// Logits (V) of the token that follows in this slot. Valid until the next call of read() or append().
  std::span<const float> logits(int slot) const;
  /// What the slot has read and still sees.
  std::span<const std::int32_t> window(int slot) const { return windows_[static_cast<std::size_t>(slot)]; }

 private:
  void begin_batch();
  void add_to_batch(std::span<const std::int32_t> tokens, std::int32_t first_position);
  void run_batch();

  const DecoderModel& model_;
  const simd::Kernels& kernels_;
  ThreadPool& pool_;
  KeyValueCache cache_;
  Arena arena_;
  std::vector<std::vector<std::int32_t>> windows_;  // (slots): the tokens in the cache
  std::vector<bool> ended_;                         // (slots)

  // The batch: sequence b belongs to slot b and is empty if the slot has ended.
  std::vector<std::int32_t> starts_, lengths_, positions_, ids_;  // (B + 1), (B), (N), (N)
  std::vector<std::int32_t> last_rows_;                           // rows of (N) whose logits are wanted
  std::vector<std::int64_t> logit_rows_;                          // (slots): the slot's row of logits_
  Tensor logits_;                                                 // (slots that have not ended, V)
};

}  // namespace attn
