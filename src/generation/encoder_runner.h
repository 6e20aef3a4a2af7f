#pragma once
// Runs an encoder over texts of token ids in batches, in order. What is made of the states is the caller's business.

#include <cstdint>
#include <functional>
#include <vector>

#include "base/arena.h"
#include "models/encoder.h"
#include "simd/kernels.h"
#include "text/tokenizer.h"
#include "threading/thread_pool.h"

namespace attn {

/// A text as an encoder reads it: the tokenizer's ids between its special tokens. Of a text that is too long the first
/// part that fits is kept.
struct EncoderText {
  std::vector<std::int32_t> ids, types;
  std::int64_t cut = 0;  // tokens left out
};

/// At most `longest` tokens, special ones included. `with_special`: special tokens written out in the text ([MASK]) are
/// recognised. Throws Error if there is no room for the special tokens, or if the tokenizer puts none around a text that
/// has no tokens itself.
EncoderText encode_text(const Tokenizer& tokenizer, int longest, std::string_view text, bool with_special = false);

class EncoderRunner {
 public:
  /// A batch that has been run; valid until the sink returns.
  struct Batch {
    Context& context;         // for what the sink computes from the states
    TokenBatch tokens;        // sequence b is text first_text + b
    std::int64_t first_text;  // texts are numbered in the order in which they were added
    Tensor hidden;            // (N, C)
  };
  using Sink = std::function<void(const Batch&)>;

  /// The model, kernels and pool must outlive the runner.
  EncoderRunner(const EncoderModel& model, const simd::Kernels& kernels, ThreadPool& pool, Sink sink);

  /// Runs a batch when about 2,048 tokens wait. A text's states do not depend on its batch. Throws Error for an empty
  /// text, one longer than the context, and ids that the model lacks.
  void add(const EncoderText& text);
  /// Runs what waits.
  void flush();
  /// Where the attention of what is run from now on is recorded; null: nowhere.
  void trace(AttentionTrace* trace) { trace_ = trace; }

 private:
  const EncoderModel& model_;
  const simd::Kernels& kernels_;
  ThreadPool& pool_;
  Sink sink_;
  AttentionTrace* trace_ = nullptr;
  Arena arena_;
  std::int64_t texts_ = 0;                             // run so far
  std::vector<std::int32_t> starts_{0}, lengths_;      // (B + 1), (B)
  std::vector<std::int32_t> positions_, ids_, types_;  // (N)
};

}  // namespace attn
