#pragma once
// Continues a prompt of token ids, token by token. Knows no text; streamed_text.h turns the tokens into it.

#include <cstdint>
#include <functional>
#include <optional>
#include <span>

#include "generation/sampler.h"
#include "models/decoder.h"
#include "simd/kernels.h"
#include "threading/thread_pool.h"

namespace attn {

struct GenerationOptions {
  SamplingOptions sampling = {};
  int tokens = 200;  // at most, of each sample
  int samples = 1;   // continuations of the same prompt
  std::uint64_t seed = 1;
  std::optional<std::int32_t> end_id = {};  // ends a sample; nothing: only the number of tokens and the callback do
  int vocabulary = 0;                       // only ids below this are drawn; 0: all that the model has
  int drafts = 0;                           // tokens drafted ahead of a single sample, as below: at most 3; 0: none
};

/// Speculative decoding (Leviathan, Kalman, Matias 2023) of a model with its own weights in whole numbers (as in QuantSpec,
/// Tiwari et al. 2025): they are a quarter to read, and mostly choose the same tokens. The tokens that they draft are then
/// read in one pass with the floats, which chooses again, with the same random numbers; the first that differs takes the
/// drafts behind it back. The tokens are those without drafts.
///
/// Sets options.drafts where that is faster, and gives the weights their copies; elsewhere, also if there are none since a
/// weight is not finite, changes nothing. Products read the copies from then on, other than in generate() with drafts.
void prepare_drafts(DecoderModel& model, const simd::Kernels& kernels, GenerationOptions& options);

/// Why a sample ended.
enum class StopReason { tokens, end_token, callback };

/// Takes each token as it is drawn, sample by sample within a position; not the end token. False ends the sample.
using OnToken = std::function<bool(int sample, std::int32_t id)>;
/// Told once for each sample, after its last token.
using OnEnd = std::function<void(int sample, StopReason reason)>;

/// Reads the prompt in one pass, then draws the samples' tokens as a batch (of at most 32 samples; then the next 32),
/// past the context length as CachedDecoder describes. The numbers drawn for a sample do not depend on the others.
/// Throws Error if the prompt is empty or has an id that the model does not know.
void generate(const DecoderModel& model, const simd::Kernels& kernels, ThreadPool& pool,
              std::span<const std::int32_t> prompt, const GenerationOptions& options, const OnToken& on_token,
              const OnEnd& on_end);

}  // namespace attn
