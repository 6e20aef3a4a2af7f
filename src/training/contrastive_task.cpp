#include "training/contrastive_task.h"

#include <algorithm>
#include <numeric>

#include "autograd/output_loss.h"
#include "autograd/select_rows.h"
#include "autograd/unit_rows.h"
#include "base/error.h"
#include "base/random.h"
#include "training/packed_examples.h"

namespace attn {

namespace {

constexpr std::int64_t kValidationBatch = 64;
constexpr std::int64_t kQuickValidationTokens = 200000;

}  // namespace

ContrastiveTask::Part::Part(const ExampleFile& examples) : file(examples) {
  std::vector<std::int32_t> text;
  for (std::int64_t example = 0; example < file.size(); ++example) {
    for (int field = 0; field < file.fields(); ++field) {
      text.resize(static_cast<std::size_t>(file.length(example, field)));
      file.read(example, field, text.data());
      std::uint64_t hash = text.size();
      for (const std::int32_t id : text) hash = mix64(hash ^ static_cast<std::uint64_t>(id));
      hashes.push_back(hash);
    }
  }
}

ContrastiveTask::ContrastiveTask(EncoderModel& model, const ExampleFile& train, const ExampleFile& valid,
                                 const ContrastiveTaskOptions& options)
    : model_(model),
      train_(train),
      valid_(valid),
      options_(options),
      train_batches_(train, {.examples = options.batch, .seed = options.seed}),
      valid_batches_(valid, {.examples = kValidationBatch}) {
  if (train.fields() != valid.fields() || train.fields() < 1 || train.fields() > 2) {
    fail("contrastive training needs one text or two an example, found ", train.fields(), " and ", valid.fields());
  }
  const auto most = static_cast<std::size_t>(std::max(options.batch, kValidationBatch));
  kept_.reserve(most);
  seen_.reserve(2 * most);
}

std::span<const std::int64_t> ContrastiveTask::distinct(const Part& part, std::span<const std::int64_t> examples) {
  const int fields = part.file.fields();
  kept_.clear();
  seen_.clear();
  for (const std::int64_t example : examples) {
    const auto hashes =
        std::span(part.hashes).subspan(static_cast<std::size_t>(example * fields), static_cast<std::size_t>(fields));
    const bool is_known = std::any_of(hashes.begin(), hashes.end(), [&](std::uint64_t hash) {
      return std::find(seen_.begin(), seen_.end(), hash) != seen_.end();
    });
    if (is_known) continue;
    kept_.push_back(example);
    seen_.insert(seen_.end(), hashes.begin(), hashes.end());
  }
  return kept_;
}

std::span<const std::int64_t> ContrastiveTask::examples(std::int64_t step, std::int64_t micro) {
  return distinct(train_, train_batches_.batch(step * options_.accumulate + micro));
}

std::int64_t ContrastiveTask::targets(std::int64_t step, std::int64_t micro) {
  return static_cast<std::int64_t>(examples(step, micro).size());
}

// All first texts, then all second ones, as one batch: (2B, C).
Tensor ContrastiveTask::vectors(Context& context, const ExampleFile& file,
                                std::span<const std::int64_t> examples) const {
  const std::size_t count = examples.size();
  const int second = file.fields() - 1;
  auto* lengths = context.arena.array<std::int64_t>(2 * count);
  for (std::size_t b = 0; b < count; ++b) {
    lengths[b] = file.length(examples[b], 0);
    lengths[count + b] = file.length(examples[b], second);
  }
  const Sequences sequences = make_sequences(context.arena, lengths, static_cast<std::int64_t>(2 * count));
  auto* ids = context.arena.array<std::int32_t>(static_cast<std::size_t>(sequences.tokens()));
  for (std::size_t b = 0; b < count; ++b) {
    file.read(examples[b], 0, ids + sequences.starts[b]);
    file.read(examples[b], second, ids + sequences.starts[count + b]);
  }
  const Tensor hidden = model_.hidden(context, {sequences, ids});  // (N, C)
  return model_.pooled(context, hidden, sequences);
}

LossSum ContrastiveTask::loss(Context& context, const ExampleFile& file, std::span<const std::int64_t> examples,
                              float label_smoothing, float gradient_scale) const {
  const auto count = static_cast<std::int64_t>(examples.size());
  auto* rows = context.arena.array<std::int32_t>(static_cast<std::size_t>(2 * count));
  std::iota(rows, rows + 2 * count, 0);
  const Tensor both = vectors(context, file, examples);  // (2B, C)
  const Tensor first = unit_rows(context, select_rows(context, both, rows, count), 1 / options_.temperature);
  const Tensor second = unit_rows(context, select_rows(context, both, rows + count, count));  // (B, C)
  // Row b of the logits first·secondᵀ, (B, B), has its target on the diagonal: in column b.
  if (!options_.symmetric) {
    return {output_loss(context, first, second, {}, rows, {label_smoothing, gradient_scale}), count};
  }
  const LossOptions half{label_smoothing, gradient_scale / 2};
  const double there = output_loss(context, first, second, {}, rows, half);
  return {(there + output_loss(context, second, first, {}, rows, half)) / 2, count};
}

LossSum ContrastiveTask::train(Context& context, const BatchPart& part, float gradient_scale) {
  return loss(context, train_.file, examples(part.step, part.micro), options_.label_smoothing, gradient_scale);
}

std::int64_t ContrastiveTask::quick_validation_batches() const {
  const double tokens = static_cast<double>(valid_.file.total()) / static_cast<double>(validation_batches());
  const std::int64_t quick =
      options_.eval_batches > 0
          ? options_.eval_batches
          : std::max<std::int64_t>(1, static_cast<std::int64_t>(static_cast<double>(kQuickValidationTokens) / tokens));
  return std::min(quick, validation_batches());
}

LossSum ContrastiveTask::validate(Context& context, std::int64_t batch) {
  return loss(context, valid_.file, distinct(valid_, valid_batches_.batch(batch)), 0, 1);
}

}  // namespace attn
