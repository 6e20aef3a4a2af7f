#include "inspection/trace_text.h"

#include <numeric>
#include <vector>

#include "autograd/context.h"
#include "base/arena.h"
#include "base/error.h"

namespace attn {

AttentionTrace trace_text(const DecoderModel& model, std::span<const std::int32_t> ids, bool with_scores,
                          const simd::Kernels& kernels, ThreadPool& pool) {
  AttentionTrace trace;
  trace.with_scores = with_scores;
  if (ids.empty()) return trace;
  const std::int64_t context_length = model.config().context;
  if (static_cast<std::int64_t>(ids.size()) > context_length) {
    fail("a text of ", ids.size(), " tokens is longer than the model's context of ", context_length);
  }
  const std::int32_t length = static_cast<std::int32_t>(ids.size());
  const std::int32_t starts[] = {0, length};
  std::vector<std::int32_t> positions(ids.size());
  std::iota(positions.begin(), positions.end(), 0);
  Arena arena;
  Context context{arena, pool, kernels};
  context.trace = &trace;
  model.hidden(context, {{1, starts, &length, positions.data()}, ids.data()});
  return trace;
}

}  // namespace attn
