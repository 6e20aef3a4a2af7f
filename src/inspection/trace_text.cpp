#include "inspection/trace_text.h"

#include <algorithm>
#include <numeric>
#include <vector>

#include "autograd/context.h"
#include "base/arena.h"
#include "base/error.h"

namespace attn {

namespace {

// A text as a batch of one sequence.
class OneText {
 public:
  OneText(std::span<const std::int32_t> ids, const ModelConfig& config)
      : ids_(ids), length_(static_cast<std::int32_t>(ids.size())), positions_(ids.size()) {
    if (ids.size() > static_cast<std::size_t>(config.context)) {
      fail("a text of ", ids.size(), " tokens is longer than the model's context of ", config.context);
    }
    starts_[1] = length_;
    std::iota(positions_.begin(), positions_.end(), 0);
  }
  TokenBatch batch() const { return {{1, starts_, &length_, positions_.data()}, ids_.data()}; }

 private:
  std::span<const std::int32_t> ids_;
  std::int32_t length_;
  std::int32_t starts_[2] = {0, 0};
  std::vector<std::int32_t> positions_;
};

AttentionTrace make_trace(const TraceOptions& options) {
  AttentionTrace trace;
  trace.with_scores = options.scores;
  trace.with_heads = options.heads;
  trace.with_states = options.states;
  return trace;
}

template <class Model>
AttentionTrace trace_hidden(const Model& model, std::span<const std::int32_t> ids, const TraceOptions& options,
                            const simd::Kernels& kernels, ThreadPool& pool) {
  AttentionTrace trace = make_trace(options);
  if (ids.empty()) return trace;
  const OneText text(ids, model.config());
  Arena arena;
  Context context{arena, pool, kernels};
  context.trace = &trace;
  model.hidden(context, text.batch());
  return trace;
}

}  // namespace

AttentionTrace trace_text(const DecoderModel& model, std::span<const std::int32_t> ids, const TraceOptions& options,
                          const simd::Kernels& kernels, ThreadPool& pool) {
  return trace_hidden(model, ids, options, kernels, pool);
}

AttentionTrace trace_text(const EncoderModel& model, std::span<const std::int32_t> ids, const TraceOptions& options,
                          const simd::Kernels& kernels, ThreadPool& pool) {
  return trace_hidden(model, ids, options, kernels, pool);
}

AttentionTrace trace_translation(const EncoderDecoderModel& model, std::span<const std::int32_t> source,
                                 std::span<const std::int32_t> target, const TraceOptions& options,
                                 const simd::Kernels& kernels, ThreadPool& pool) {
  AttentionTrace trace = make_trace(options);
  const OneText from(source, model.config()), to(target, model.config());
  Arena arena;
  Context context{arena, pool, kernels};
  context.trace = &trace;
  const Sequences sequences = from.batch().sequences;
  const Tensor states = model.encode(context, from.batch());
  model.decode(context, to.batch(), {states, nullptr, sequences.starts, sequences.lengths});
  std::stable_sort(trace.records.begin(), trace.records.end(),
                   [](const AttentionRecord& a, const AttentionRecord& b) { return a.kind < b.kind; });
  return trace;
}

}  // namespace attn
