#include "training/classification_task.h"

#include <algorithm>

#include "autograd/output_loss.h"
#include "base/error.h"

namespace attn {

namespace {

constexpr std::int64_t kValidationBatchTokens = 1024;
constexpr std::int64_t kQuickValidationTokens = 200000;

void check_labels(const ExampleFile& file, int base, std::size_t labels) {
  for (std::int64_t example = 0; example < file.size(); ++example) {
    const std::int64_t label = read_label(file, example, base);
    if (static_cast<std::size_t>(label) >= labels) {
      fail("example ", example, " has label ", label, ", the model ", labels, " labels");
    }
  }
}

/// The labels (B) of some examples, from the arena.
std::int32_t* pack_labels(Arena& arena, const ExampleFile& file, std::span<const std::int64_t> examples, int base) {
  auto* labels = arena.array<std::int32_t>(examples.size());
  for (std::size_t b = 0; b < examples.size(); ++b) {
    labels[b] = static_cast<std::int32_t>(read_label(file, examples[b], base));
  }
  return labels;
}

}  // namespace

ClassificationTask::ClassificationTask(EncoderModel& model, const ExampleFile& train, const ExampleFile& valid,
                                       const ClassificationTaskOptions& options)
    : model_(model),
      train_(train),
      valid_(valid),
      options_(options),
      train_batches_(train, {options.batches.examples, options.batches.tokens, options.seed}),
      valid_batches_(valid, {.tokens = kValidationBatchTokens}) {
  const std::size_t labels = model.config().labels.size();
  check_labels(train, options.label_base, labels);
  check_labels(valid, options.label_base, labels);
  if (!options_.class_weights.empty() && options_.class_weights.size() != labels) {
    fail("found ", options_.class_weights.size(), " class weights, expected one for each of ", labels, " labels");
  }
}

std::span<const std::int64_t> ClassificationTask::examples(std::int64_t step, std::int64_t micro) {
  return train_batches_.batch(step * options_.accumulate + micro);
}

std::int64_t ClassificationTask::targets(std::int64_t step, std::int64_t micro) {
  return static_cast<std::int64_t>(examples(step, micro).size());
}

// The stream is that of the batch's dropout, so its numbers differ from batch to batch; a derived one belongs to nobody
// else.
void ClassificationTask::hide_tokens(const RandomStream& random, const PackedField& texts) const {
  if (options_.masking == nullptr || options_.token_dropout <= 0) return;
  constexpr std::uint64_t kHiding = ~std::uint64_t{0};
  const std::span<std::int32_t> ids(texts.ids, static_cast<std::size_t>(texts.sequences.tokens()));
  options_.masking->hide(random.derive(kHiding), options_.token_dropout, ids);
}

LossSum ClassificationTask::loss(Context& context, const ExampleFile& file, std::span<const std::int64_t> examples,
                                 float label_smoothing, float gradient_scale) const {
  const std::int32_t* labels = pack_labels(context.arena, file, examples, options_.label_base);
  const PackedField texts = pack_field(context.arena, file, examples, kText);
  if (context.training) hide_tokens(context.random, texts);
  const Tensor hidden = model_.hidden(context, texts.batch());            // (N, C)
  const Tensor pooled = model_.pooled(context, hidden, texts.sequences);  // (B, C)
  const float* weights = options_.class_weights.empty() ? nullptr : options_.class_weights.data();
  return {output_loss(context, pooled, model_.classifier_weight(), model_.classifier_bias(), labels,
                      {label_smoothing, gradient_scale, weights}),
          static_cast<std::int64_t>(examples.size())};
}

std::int64_t ClassificationTask::most_parts(std::int64_t step, std::int64_t micro) {
  return targets(step, micro);
}

LossSum ClassificationTask::train(Context& context, const BatchPart& part, float gradient_scale) {
  return loss(context, train_, share_of(examples(part.step, part.micro), part), options_.label_smoothing,
              gradient_scale);
}

std::int64_t ClassificationTask::quick_validation_batches() const {
  const std::int64_t quick =
      options_.eval_batches > 0 ? options_.eval_batches : kQuickValidationTokens / kValidationBatchTokens;
  return std::min(quick, validation_batches());
}

LossSum ClassificationTask::validate(Context& context, std::int64_t batch) {
  return loss(context, valid_, valid_batches_.batch(batch), 0, 1);
}

ConfusionMatrix ClassificationTask::confusion(const simd::Kernels& kernels, ThreadPool& pool) {
  const std::int64_t labels = model_.classifier_weight().rows();
  ConfusionMatrix matrix(static_cast<std::size_t>(labels));
  Arena arena;
  for (std::int64_t batch = 0; batch < validation_batches(); ++batch) {
    arena.reset();
    Context context{arena, pool, kernels};
    const std::span<const std::int64_t> examples = valid_batches_.batch(batch);
    const std::int32_t* truth = pack_labels(arena, valid_, examples, options_.label_base);
    const PackedField texts = pack_field(arena, valid_, examples, kText);
    const Tensor hidden = model_.hidden(context, texts.batch());
    const Tensor logits = model_.classify(context, model_.pooled(context, hidden, texts.sequences));  // (B, labels)
    for (std::int64_t b = 0; b < logits.rows(); ++b) {
      const float* row = logits.data + b * labels;
      matrix.add(static_cast<std::size_t>(truth[b]),
                 static_cast<std::size_t>(std::max_element(row, row + labels) - row));
    }
  }
  return matrix;
}

std::vector<std::int32_t> label_ids(std::int64_t label, int base) {
  std::vector<std::int32_t> digits{static_cast<std::int32_t>(label % base)};
  while ((label /= base) > 0) digits.insert(digits.begin(), static_cast<std::int32_t>(label % base));
  return digits;
}

std::int64_t read_label(const ExampleFile& file, std::int64_t example, int base) {
  constexpr std::int64_t kMostDigits = 31;
  std::int32_t digits[kMostDigits];
  const std::int64_t count = file.length(example, ClassificationTask::kLabel);
  if (count < 1 || count > kMostDigits) fail("example ", example, " has no label");
  file.read(example, ClassificationTask::kLabel, digits);
  std::int64_t label = 0;
  for (std::int64_t i = 0; i < count; ++i) label = label * base + digits[i];
  return label;
}

std::vector<float> balanced_weights(const std::vector<std::int64_t>& texts_of_label) {
  double texts = 0;
  for (const std::int64_t count : texts_of_label) {
    if (count == 0) fail("a label without texts has no class weight");
    texts += static_cast<double>(count);
  }
  std::vector<float> weights;
  for (const std::int64_t count : texts_of_label) {
    weights.push_back(
        static_cast<float>(texts / (static_cast<double>(texts_of_label.size()) * static_cast<double>(count))));
  }
  return weights;
}

}  // namespace attn
