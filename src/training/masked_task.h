#pragma once
// Training an encoder to guess masked tokens (Devlin et al. 2018): other ones in every epoch, the same ones whenever the
// validation part is looked at.

#include <cstdint>
#include <vector>

#include "models/encoder.h"
#include "text/example_batches.h"
#include "text/example_file.h"
#include "training/task.h"
#include "training/token_masking.h"

namespace attn {

struct MaskedTaskOptions {
  BatchOptions batches;         // of a micro-batch, without the seed
  std::int64_t accumulate = 1;  // micro-batches of a step
  float label_smoothing = 0;
  std::uint64_t seed = 1;
  std::int64_t eval_batches = 0;  // of validation during training; 0: about 200,000 tokens
};

/// The masked tokens of a batch.
struct MaskedTokens {
  Tensor states;                          // (n, C), ready for the model's output projection
  const std::int32_t* targets = nullptr;  // (n): what stood there
};

class MaskedTask : public TrainingTask {
 public:
  /// Examples of one field: a text with the special tokens around it, no longer than the model's context. Files and
  /// model outlive the task.
  MaskedTask(EncoderModel& model, const ExampleFile& train, const ExampleFile& valid, TokenMasking masking,
             const MaskedTaskOptions& options);

  Parameters& parameters() override { return model_.parameters(); }
  /// Masked tokens.
  std::int64_t targets(std::int64_t step, std::int64_t micro) override;
  std::int64_t most_parts(std::int64_t step, std::int64_t micro) override;
  LossSum train(Context& context, const BatchPart& part, float gradient_scale) override;
  std::int64_t validation_batches() const override { return valid_batches_.batches_per_epoch(); }
  std::int64_t quick_validation_batches() const override;
  LossSum validate(Context& context, std::int64_t batch) override;
  double characters_per_target() const override { return 0; }

  /// The tokens whose loss validate() sums.
  MaskedTokens validation_tokens(Context& context, std::int64_t batch);

 private:
  std::int64_t number(std::int64_t step, std::int64_t micro) const { return step * options_.accumulate + micro; }
  MaskedTokens mask(Context& context, const ExampleFile& file, std::span<const std::int64_t> examples,
                    const RandomStream& random) const;
  LossSum loss(Context& context, const MaskedTokens& masked, float label_smoothing, float gradient_scale) const;

  EncoderModel& model_;
  const ExampleFile& train_;
  const ExampleFile& valid_;
  TokenMasking masking_;
  MaskedTaskOptions options_;
  ExampleBatches train_batches_, valid_batches_;
  std::vector<std::int32_t> text_;  // (longest text)
};

}  // namespace attn
