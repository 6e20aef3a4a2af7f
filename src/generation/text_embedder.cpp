#include "generation/text_embedder.h"

#include "autograd/mean_rows.h"
#include "autograd/select_rows.h"
#include "autograd/unit_rows.h"

namespace attn {

TextEmbedder::TextEmbedder(const EncoderModel& model, Pooling pooling, bool unit, const simd::Kernels& kernels,
                           ThreadPool& pool, Sink sink)
    : runner_(model, kernels, pool, [pooling, unit, take = std::move(sink)](const EncoderRunner::Batch& batch) {
        const Sequences& sequences = batch.tokens.sequences;
        Tensor vectors = pooling == Pooling::mean
                             ? mean_rows(batch.context, batch.hidden, sequences.starts, sequences.count)
                             : select_rows(batch.context, batch.hidden, sequences.starts, sequences.count);  // (B, C)
        if (unit) vectors = unit_rows(batch.context, vectors);
        const auto columns = static_cast<std::size_t>(vectors.columns());
        for (std::int64_t b = 0; b < sequences.count; ++b) {
          take(batch.first_text + b, {vectors.data + b * vectors.columns(), columns});
        }
      }) {}

}  // namespace attn
