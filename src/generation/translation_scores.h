#pragma once
// How likely an encoder-decoder model finds the tokens of given translations.

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "base/arena.h"
#include "generation/row_scores.h"
#include "models/encoder_decoder.h"
#include "simd/kernels.h"
#include "threading/thread_pool.h"

namespace attn {

/// Scores pairs in batches; what a pair gets does not depend on its batch.
class TranslationScorer {
 public:
  /// `scores` belong to the tokens of the target that was added as number `pair`. Called in the order of the pairs.
  using Sink = std::function<void(std::int64_t pair, std::span<const TokenScore> scores)>;

  /// The model has a pad token, with which its decoder starts. Throws Error if not.
  TranslationScorer(const EncoderDecoderModel& model, const simd::Kernels& kernels, ThreadPool& pool, Sink sink);

  /// Both end with the end token. Throws Error for ids that the model lacks, and if either is empty or longer than the
  /// context.
  void add(std::span<const std::int32_t> source, std::span<const std::int32_t> target);
  /// Scores what still waits.
  void finish();

 private:
  /// Texts one behind the other, each at positions from 0.
  struct Side {
    std::vector<std::int32_t> starts{0}, lengths, positions;  // (B + 1), (B), (N)
    std::vector<std::int32_t> ids;                            // (N): what the model reads

    void close();
    void clear();
    TokenBatch batch() const;
  };
  void check(const char* side, std::span<const std::int32_t> ids) const;

  const EncoderDecoderModel& model_;
  const simd::Kernels& kernels_;
  ThreadPool& pool_;
  Sink sink_;
  Arena arena_;
  RowScorer rows_;
  std::int64_t reported_ = 0;  // pairs
  Side source_, target_;
  std::vector<std::int32_t> wanted_;  // (N): the targets' tokens
  std::vector<TokenScore> scores_;    // (N)
};

}  // namespace attn
