#pragma once
// Training a decoder-only model to predict the next token of texts that are already token files.

#include <cstdint>
#include <vector>

#include "models/decoder.h"
#include "text/token_file.h"
#include "training/task.h"

namespace attn {

struct LanguageTaskOptions {
  std::int64_t batch = 12;    // sequences of a micro-batch
  std::int64_t context = 64;  // tokens of a sequence
  float label_smoothing = 0;
  std::uint64_t seed = 1;
  std::int64_t eval_batches = 0;  // of validation during training; 0: about 200,000 tokens
  double valid_characters = 0;    // of the validation part
};

class LanguageTask : public TrainingTask {
 public:
  /// Both token files hold at least two tokens; windows shrink to what the training part holds.
  LanguageTask(DecoderModel& model, const TokenFile& train, const TokenFile& valid, const LanguageTaskOptions& options);

  Parameters& parameters() override { return model_.parameters(); }
  std::int64_t targets(std::int64_t step, std::int64_t micro) override;
  std::int64_t most_parts(std::int64_t step, std::int64_t micro) override;
  /// `batch` windows of `context` tokens at random positions of the training part.
  LossSum train(Context& context, const BatchPart& part, float gradient_scale) override;
  std::int64_t validation_batches() const override;
  std::int64_t quick_validation_batches() const override;
  /// Consecutive windows that do not overlap; the last one may be short.
  LossSum validate(Context& context, std::int64_t batch) override;
  double characters_per_target() const override;

 private:
  LossSum validate_windows(Context& context, std::int64_t begin, std::int64_t end) const;

  DecoderModel& model_;
  const TokenFile& train_;
  const TokenFile& valid_;
  LanguageTaskOptions options_;
};

}  // namespace attn
