#pragma once
// How well a decoder-only model predicts a text, as training measures it on the validation part.

#include <cstdint>
#include <string>

#include "cli/model_source.h"
#include "simd/kernels.h"
#include "threading/thread_pool.h"

namespace attn {

/// Of a whole text, or of lines that end with the end-of-text token each.
struct LanguageFigures {
  double loss = 0;                // nats per token
  double perplexity = 0;          // e^loss
  double bits_per_character = 0;  // loss of all tokens in bits, by characters
  std::int64_t tokens = 0;        // that were predicted: all but the first
  std::int64_t characters = 0;    // of the text
  std::int64_t unknown_characters = 0;
};

/// Reads the text in consecutive windows of the model's context that do not overlap; the last may be short. The text
/// is tokenised into a temporary file, so it may be larger than memory. Throws Error if it has fewer than two tokens.
LanguageFigures evaluate_language(const DecoderSource& source, const std::string& file, bool lines,
                                  const simd::Kernels& kernels, ThreadPool& pool);

}  // namespace attn
