#include "training/masked_task.h"

#include <algorithm>

#include "autograd/output_loss.h"
#include "autograd/select_rows.h"
#include "training/packed_examples.h"

namespace attn {

namespace {

constexpr std::int64_t kValidationBatchTokens = 1024;
constexpr std::int64_t kQuickValidationTokens = 200000;
constexpr std::uint64_t kValidation = ~std::uint64_t{0};  // no batch of a training has this number

}  // namespace

MaskedTask::MaskedTask(EncoderModel& model, const ExampleFile& train, const ExampleFile& valid, TokenMasking masking,
                       const MaskedTaskOptions& options)
    : model_(model),
      train_(train),
      valid_(valid),
      masking_(std::move(masking)),
      options_(options),
      train_batches_(train, {options.batches.examples, options.batches.tokens, options.seed}),
      valid_batches_(valid, {.tokens = kValidationBatchTokens}),
      text_(static_cast<std::size_t>(train.longest(0))) {}

std::int64_t MaskedTask::targets(std::int64_t step, std::int64_t micro) {
  std::int64_t sum = 0;
  for (const std::int64_t example : train_batches_.batch(number(step, micro))) {
    train_.read(example, 0, text_.data());
    sum += masking_.count(std::span(text_).first(static_cast<std::size_t>(train_.length(example, 0))));
  }
  return sum;
}

MaskedTokens MaskedTask::mask(Context& context, const ExampleFile& file, std::span<const std::int64_t> examples,
                              const RandomStream& random) const {
  const PackedField texts = pack_field(context.arena, file, examples, 0);
  const Sequences& sequences = texts.sequences;
  const auto most = static_cast<std::size_t>(sequences.tokens());
  auto* rows = context.arena.array<std::int32_t>(most);     // of (N): the masked tokens
  auto* targets = context.arena.array<std::int32_t>(most);  // what stood there
  std::int64_t masked = 0;
  for (std::int64_t b = 0; b < sequences.count; ++b) {
    const std::span<std::int32_t> text(texts.ids + sequences.starts[b], static_cast<std::size_t>(sequences.lengths[b]));
    const std::int64_t count = masking_.count(text);
    // The masks of an example do not depend on the batch that it is in.
    const auto example = static_cast<std::uint64_t>(examples[static_cast<std::size_t>(b)]);
    masking_.apply(random.derive(example), text, rows + masked, targets + masked);
    for (std::int64_t i = 0; i < count; ++i) rows[masked + i] += sequences.starts[b];
    masked += count;
  }
  const Tensor hidden = model_.hidden(context, texts.batch());  // (N, C)
  return {model_.masked_states(context, select_rows(context, hidden, rows, masked)), targets};
}

LossSum MaskedTask::loss(Context& context, const MaskedTokens& masked, float label_smoothing,
                         float gradient_scale) const {
  return {output_loss(context, masked.states, model_.output_weight(), model_.output_bias(), masked.targets,
                      {label_smoothing, gradient_scale}),
          masked.states.rows()};
}

std::int64_t MaskedTask::most_parts(std::int64_t step, std::int64_t micro) {
  return static_cast<std::int64_t>(train_batches_.batch(number(step, micro)).size());
}

LossSum MaskedTask::train(Context& context, const BatchPart& part, float gradient_scale) {
  const std::int64_t batch = number(part.step, part.micro);
  const RandomStream random =
      RandomStream(options_.seed, RandomPurpose::mask).derive(static_cast<std::uint64_t>(batch));
  return loss(context, mask(context, train_, share_of(train_batches_.batch(batch), part), random),
              options_.label_smoothing, gradient_scale);
}

std::int64_t MaskedTask::quick_validation_batches() const {
  const std::int64_t quick =
      options_.eval_batches > 0 ? options_.eval_batches : kQuickValidationTokens / kValidationBatchTokens;
  return std::min(quick, validation_batches());
}

MaskedTokens MaskedTask::validation_tokens(Context& context, std::int64_t batch) {
  const RandomStream random = RandomStream(options_.seed, RandomPurpose::mask).derive(kValidation);
  return mask(context, valid_, valid_batches_.batch(batch), random);
}

LossSum MaskedTask::validate(Context& context, std::int64_t batch) {
  return loss(context, validation_tokens(context, batch), 0, 1);
}

}  // namespace attn
