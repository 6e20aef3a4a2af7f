#pragma once
// Targets for sources of token ids with an encoder-decoder model: many at once, each source read once, the hypotheses of
// all of them decoded together with a cache. Knows no text; translate_text.h does.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "base/arena.h"
#include "generation/beam_search.h"
#include "models/encoder_decoder.h"
#include "simd/kernels.h"
#include "threading/thread_pool.h"

namespace attn {

struct TranslationOptions {
  int beam = 1;  // 1: greedy
  double length_penalty = 1;
  int n_best = 1;                 // at most so many targets a source
  int max_length = 0;             // target tokens, the end token included; 0: 2·(source tokens) + 10
  bool sample = false;            // draws n_best targets instead of searching
  SamplingOptions sampling = {};  // of the draws
  std::uint64_t seed = 1;         // of the draws
  std::int32_t vocabulary = 0;    // only ids below this are written; 0: all that the model has
};

/// Throws Error naming the option that is impossible.
void check_translation(const TranslationOptions& options);

class Translator {
 public:
  /// Model, kernels and pool must outlive the translator. Throws Error if an option is impossible or the model has no
  /// end token.
  Translator(const EncoderDecoderModel& model, const simd::Kernels& kernels, ThreadPool& pool,
             const TranslationOptions& options);
  ~Translator();

  /// Up to n_best targets of every source, in the order of the sources, the greatest score first. A source has 1 to
  /// context tokens and ends with the end token. The start token (pad) is never written. What comes out of a source does
  /// not depend on the others; samples are drawn by the source's number, counted from `first`. Throws Error for ids that
  /// the model lacks, and if its output is not a number.
  std::vector<std::vector<Hypothesis>> translate(std::span<const std::vector<std::int32_t>> sources,
                                                 std::uint64_t first = 0);

 private:
  struct Member;  // a source of the batch and its search

  std::unique_ptr<TargetSearch> make_search(std::size_t tokens, std::uint64_t number);
  void read_sources(std::span<const std::vector<std::int32_t>> sources, std::span<const std::size_t> batch);
  void begin_batch(std::span<const std::vector<std::int32_t>> sources, std::span<const std::size_t> batch,
                   std::uint64_t first);
  void step();
  void search(const Tensor& logits);
  void gather();

  const EncoderDecoderModel& model_;
  const simd::Kernels& kernels_;
  ThreadPool& pool_;
  TranslationOptions options_;
  Sampler sampler_;
  KeyValueCache cache_;
  Arena source_arena_, arena_;  // of a batch, of a step

  // The batch's sources.
  std::vector<Member> members_;
  std::vector<std::int32_t> source_ids_, source_starts_, source_lengths_,
      source_positions_;                 // (N_S), (B + 1), (B), (N_S)
  Tensor states_;                        // (N_S, C)
  const Tensor* keys_values_ = nullptr;  // (layers) of (N_S, 2·H_kv·D)

  // The step's rows: a token of every live hypothesis, those of a source one after the other.
  std::int32_t position_ = 0;
  std::vector<std::int32_t> ids_, parents_, starts_, lengths_, positions_;  // (R), (R), (R + 1), (R), (R)
  std::vector<std::int32_t> row_starts_, row_lengths_;                      // (R): the rows of the hypothesis's source
};

}  // namespace attn
