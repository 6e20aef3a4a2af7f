#pragma once
// Training an encoder-decoder model to write the target that belongs to a source (Vaswani et al. 2017): the decoder sees
// the true target so far and predicts its next token.

#include <cstdint>

#include "autograd/output_loss.h"
#include "models/encoder_decoder.h"
#include "text/example_batches.h"
#include "text/example_file.h"
#include "training/task.h"

namespace attn {

struct TranslationTaskOptions {
  BatchOptions batches;         // of a micro-batch, without the seed
  std::int64_t accumulate = 1;  // micro-batches of a step
  float label_smoothing = 0;
  std::uint64_t seed = 1;
  std::int64_t eval_batches = 0;  // of validation during training; 0: about 200,000 tokens
  double valid_characters = 0;    // of the targets of the validation part
};

class TranslationTask : public TrainingTask {
 public:
  /// Examples of two fields, source and target, both with the end token at the end; they outlive the task.
  TranslationTask(EncoderDecoderModel& model, const ExampleFile& train, const ExampleFile& valid,
                  const TranslationTaskOptions& options);

  Parameters& parameters() override { return model_.parameters(); }
  std::int64_t targets(std::int64_t step, std::int64_t micro) override;
  std::int64_t most_parts(std::int64_t step, std::int64_t micro) override;
  LossSum train(Context& context, const BatchPart& part, float gradient_scale) override;
  std::int64_t validation_batches() const override { return valid_batches_.batches_per_epoch(); }
  std::int64_t quick_validation_batches() const override;
  LossSum validate(Context& context, std::int64_t batch) override;
  double characters_per_target() const override;

 private:
  std::span<const std::int64_t> examples(std::int64_t step, std::int64_t micro);
  LossSum loss(Context& context, const ExampleFile& file, std::span<const std::int64_t> examples,
               const LossOptions& options) const;

  EncoderDecoderModel& model_;
  const ExampleFile& train_;
  const ExampleFile& valid_;
  TranslationTaskOptions options_;
  ExampleBatches train_batches_, valid_batches_;
};

}  // namespace attn
