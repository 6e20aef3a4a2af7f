#include "training/translation_task.h"

#include <algorithm>

#include "training/packed_examples.h"

namespace attn {

namespace {

constexpr std::int64_t kQuickValidationTokens = 200000;
constexpr std::int64_t kValidationBatchTokens = 1024;
constexpr int kSource = 0, kTarget = 1;

// What the decoder reads: the start token, then the target without its end token.
const std::int32_t* shift_right(Arena& arena, const PackedField& target, std::int32_t start) {
  const Sequences& sequences = target.sequences;
  auto* ids = arena.array<std::int32_t>(static_cast<std::size_t>(sequences.tokens()));
  for (std::int64_t b = 0; b < sequences.count; ++b) {
    const std::int32_t begin = sequences.starts[b];
    ids[begin] = start;
    std::copy_n(target.ids + begin, sequences.lengths[b] - 1, ids + begin + 1);
  }
  return ids;
}

BatchOptions with_seed(BatchOptions batches, std::uint64_t seed) {
  batches.seed = seed;
  return batches;
}

}  // namespace

TranslationTask::TranslationTask(EncoderDecoderModel& model, const ExampleFile& train, const ExampleFile& valid,
                                 const TranslationTaskOptions& options)
    : model_(model),
      train_(train),
      valid_(valid),
      options_(options),
      train_batches_(train, with_seed(options.batches, options.seed)),
      valid_batches_(valid, {.tokens = kValidationBatchTokens}) {}

std::span<const std::int64_t> TranslationTask::examples(std::int64_t step, std::int64_t micro) {
  return train_batches_.batch(step * options_.accumulate + micro);
}

std::int64_t TranslationTask::targets(std::int64_t step, std::int64_t micro) {
  return count_tokens(train_, examples(step, micro), kTarget);
}

LossSum TranslationTask::loss(Context& context, const ExampleFile& file, std::span<const std::int64_t> examples,
                              const LossOptions& options) const {
  const PackedField source = pack_field(context.arena, file, examples, kSource);
  const PackedField target = pack_field(context.arena, file, examples, kTarget);
  const TokenBatch read{target.sequences, shift_right(context.arena, target, *model_.config().pad_id)};
  const Tensor states = model_.encode(context, source.batch());  // (N_S, C)
  const Tensor hidden =
      model_.decode(context, read, {states, nullptr, source.sequences.starts, source.sequences.lengths});  // (N, C)
  return {output_loss(context, hidden, model_.output_weight(), model_.output_bias(), target.ids, options),
          target.sequences.tokens()};
}

std::int64_t TranslationTask::most_parts(std::int64_t step, std::int64_t micro) {
  return static_cast<std::int64_t>(examples(step, micro).size());
}

LossSum TranslationTask::train(Context& context, const BatchPart& part, float gradient_scale) {
  return loss(context, train_, share_of(examples(part.step, part.micro), part),
              {options_.label_smoothing, gradient_scale});
}

std::int64_t TranslationTask::quick_validation_batches() const {
  const std::int64_t quick =
      options_.eval_batches > 0 ? options_.eval_batches : kQuickValidationTokens / kValidationBatchTokens;
  return std::min(quick, validation_batches());
}

LossSum TranslationTask::validate(Context& context, std::int64_t batch) {
  return loss(context, valid_, valid_batches_.batch(batch), {});
}

double TranslationTask::characters_per_target() const {
  return options_.valid_characters / static_cast<double>(std::max<std::int64_t>(1, valid_.total(kTarget)));
}

}  // namespace attn
