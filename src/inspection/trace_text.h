#pragma once
// Runs a text through a model and keeps its attention weights.

#include <cstdint>
#include <span>

#include "autograd/trace.h"
#include "models/decoder.h"
#include "simd/kernels.h"
#include "threading/thread_pool.h"

namespace attn {

/// The attention of every layer for one text of at most config().context tokens: a record a layer, in their order;
/// none for a text without tokens.
AttentionTrace trace_text(const DecoderModel& model, std::span<const std::int32_t> ids, bool with_scores,
                          const simd::Kernels& kernels, ThreadPool& pool);

}  // namespace attn
