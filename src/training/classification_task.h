#pragma once
// Training an encoder to tell which class a text belongs to.

#include <cstdint>
#include <vector>

#include "models/encoder.h"
#include "text/example_batches.h"
#include "text/example_file.h"
#include "training/classification_metrics.h"
#include "training/packed_examples.h"
#include "training/task.h"
#include "training/token_masking.h"

namespace attn {

struct ClassificationTaskOptions {
  BatchOptions batches;         // of a micro-batch, without the seed
  std::int64_t accumulate = 1;  // micro-batches of a step
  float label_smoothing = 0;
  /// (labels): the loss of a text is multiplied by the weight of its label; empty: all 1. Their mean over the texts of
  /// the training part is 1, so that the loss stays one of a text.
  std::vector<float> class_weights = {};
  int label_base = 0;  // see label_ids()
  /// In training each token of a text is hidden with this probability; needs `masking`, which outlives the task.
  double token_dropout = 0;
  const TokenMasking* masking = nullptr;
  std::uint64_t seed = 1;
  std::int64_t eval_batches = 0;  // of validation during training; 0: about 200,000 tokens
};

class ClassificationTask : public TrainingTask {
 public:
  static constexpr int kLabel = 0, kText = 1;  // fields of an example

  /// Examples of two fields: the label as label_ids(), and a text with the special tokens around it, no longer than the
  /// model's context. Files and model outlive the task. Throws Error for a label that the model does not have.
  ClassificationTask(EncoderModel& model, const ExampleFile& train, const ExampleFile& valid,
                     const ClassificationTaskOptions& options);

  Parameters& parameters() override { return model_.parameters(); }
  /// Texts.
  std::int64_t targets(std::int64_t step, std::int64_t micro) override;
  std::int64_t most_parts(std::int64_t step, std::int64_t micro) override;
  LossSum train(Context& context, const BatchPart& part, float gradient_scale) override;
  std::int64_t validation_batches() const override { return valid_batches_.batches_per_epoch(); }
  std::int64_t quick_validation_batches() const override;
  LossSum validate(Context& context, std::int64_t batch) override;
  double characters_per_target() const override { return 0; }

  /// How the model classifies the validation part now.
  ConfusionMatrix confusion(const simd::Kernels& kernels, ThreadPool& pool);

 private:
  std::span<const std::int64_t> examples(std::int64_t step, std::int64_t micro);
  LossSum loss(Context& context, const ExampleFile& file, std::span<const std::int64_t> examples, float label_smoothing,
               float gradient_scale) const;
  void hide_tokens(const RandomStream& random, const PackedField& texts) const;

  EncoderModel& model_;
  const ExampleFile& train_;
  const ExampleFile& valid_;
  ClassificationTaskOptions options_;
  ExampleBatches train_batches_, valid_batches_;
};

/// A label's number as ids of an example file: its digits to this base, the file's vocabulary, as there may be more
/// labels than ids; the highest first, and at least one.
std::vector<std::int32_t> label_ids(std::int64_t label, int base);
/// The label of an example. Throws Error if it is none.
std::int64_t read_label(const ExampleFile& file, std::int64_t example, int base);

/// Weights n / (labels · texts with the label): every label counts as much as every other, and their mean over the n
/// texts is 1. Throws Error for a label without texts.
std::vector<float> balanced_weights(const std::vector<std::int64_t>& texts_of_label);

}  // namespace attn
