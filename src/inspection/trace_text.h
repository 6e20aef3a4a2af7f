#pragma once
// Runs a text through a model and keeps its attention weights.

#include <cstdint>
#include <span>

#include "autograd/trace.h"
#include "models/decoder.h"
#include "models/encoder.h"
#include "models/encoder_decoder.h"
#include "simd/kernels.h"
#include "threading/thread_pool.h"

namespace attn {

/// What is recorded beside the weights; see AttentionTrace.
struct TraceOptions {
  bool scores = false, heads = false, states = false;
};

/// The attention of every layer for one text of at most config().context tokens: a record a layer, in their order;
/// none for a text without tokens. An encoder's text has its special tokens, and all tokens are of the first type.
AttentionTrace trace_text(const DecoderModel& model, std::span<const std::int32_t> ids, const TraceOptions& options,
                          const simd::Kernels& kernels, ThreadPool& pool);
AttentionTrace trace_text(const EncoderModel& model, std::span<const std::int32_t> ids, const TraceOptions& options,
                          const simd::Kernels& kernels, ThreadPool& pool);

/// The attention of a translation: records of kind encoder, decoder, then cross, each layer by layer. `source` ends with
/// the end token; `target` is what the decoder reads: the start token, then the target's tokens.
AttentionTrace trace_translation(const EncoderDecoderModel& model, std::span<const std::int32_t> source,
                                 std::span<const std::int32_t> target, const TraceOptions& options,
                                 const simd::Kernels& kernels, ThreadPool& pool);

}  // namespace attn
