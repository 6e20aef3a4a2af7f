#pragma once
// How likely a language model finds the tokens of given texts. Draws nothing.

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "base/arena.h"
#include "generation/row_scores.h"
#include "models/decoder.h"
#include "simd/kernels.h"
#include "threading/thread_pool.h"

namespace attn {

/// Scores texts in batches; a text longer than the context is cut into windows of consecutive tokens, as in training.
class TokenScorer {
 public:
  /// `scores` belong to tokens 1 … n-1 of the text that was added as number `text`. Called in the order of the texts.
  using Sink = std::function<void(std::int64_t text, std::span<const TokenScore> scores)>;

  TokenScorer(const DecoderModel& model, const simd::Kernels& kernels, ThreadPool& pool, Sink sink);

  /// A text's tokens, the first of which only stands before the others. Throws Error for ids that the model lacks.
  void add(std::span<const std::int32_t> ids);
  /// Scores what still waits.
  void finish();

 private:
  void run_batch();

  const DecoderModel& model_;
  const simd::Kernels& kernels_;
  ThreadPool& pool_;
  Sink sink_;
  Arena arena_;
  RowScorer rows_;
  std::int64_t reported_ = 0;              // texts
  std::vector<std::int64_t> text_tokens_;  // of each text that waits: how many scores it gets

  // The batch: every window a sequence.
  std::vector<std::int32_t> starts_{0}, lengths_, positions_;  // (B + 1), (B), (N)
  std::vector<std::int32_t> ids_, targets_;                    // (N)
  std::vector<TokenScore> scores_;                             // (N)
};

}  // namespace attn
