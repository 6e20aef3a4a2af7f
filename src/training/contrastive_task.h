#pragma once
// Training an encoder so that texts which belong together have similar vectors: of all second texts of a batch, the own
// one has to be the nearest (in-batch negatives; van den Oord et al. 2018). A text can also be its own partner, under
// another dropout (SimCSE; Gao et al. 2021).

#include <cstdint>
#include <vector>

#include "models/encoder.h"
#include "text/example_batches.h"
#include "text/example_file.h"
#include "training/task.h"

namespace attn {

struct ContrastiveTaskOptions {
  std::int64_t batch = 64;      // examples of a micro-batch: what each text is told apart from
  std::int64_t accumulate = 1;  // micro-batches of a step
  float temperature = 0.05f;    // cosines are divided by it
  bool symmetric = true;        // the first text has to be found from the second, too
  float label_smoothing = 0;
  std::uint64_t seed = 1;
  std::int64_t eval_batches = 0;  // of validation during training; 0: about 200,000 tokens
};

class ContrastiveTask : public TrainingTask {
 public:
  /// Examples of one field, a text that is its own partner, or of two; with the special tokens around each text, none
  /// longer than the model's context. Files and model outlive the task. An example is left out of a batch if one of its
  /// texts stands in an earlier example of it: equal texts are no negatives of each other.
  ContrastiveTask(EncoderModel& model, const ExampleFile& train, const ExampleFile& valid,
                  const ContrastiveTaskOptions& options);

  Parameters& parameters() override { return model_.parameters(); }
  /// Examples that are not left out.
  std::int64_t targets(std::int64_t step, std::int64_t micro) override;
  LossSum train(Context& context, const BatchPart& part, float gradient_scale) override;
  std::int64_t validation_batches() const override { return valid_batches_.batches_per_epoch(); }
  std::int64_t quick_validation_batches() const override;
  /// Batches of 64 examples in the order of the file, whatever the batch of the training; without dropout.
  LossSum validate(Context& context, std::int64_t batch) override;
  double characters_per_target() const override { return 0; }

 private:
  /// A file whose texts are known by their hashes.
  struct Part {
    const ExampleFile& file;
    std::vector<std::uint64_t> hashes;  // (E·F)
    explicit Part(const ExampleFile& examples);
  };
  std::span<const std::int64_t> distinct(const Part& part, std::span<const std::int64_t> examples);
  std::span<const std::int64_t> examples(std::int64_t step, std::int64_t micro);
  Tensor vectors(Context& context, const ExampleFile& file, std::span<const std::int64_t> examples) const;
  LossSum loss(Context& context, const ExampleFile& file, std::span<const std::int64_t> examples, float label_smoothing,
               float gradient_scale) const;

  EncoderModel& model_;
  Part train_, valid_;
  ContrastiveTaskOptions options_;
  ExampleBatches train_batches_, valid_batches_;
  std::vector<std::int64_t> kept_;   // at most (batch)
  std::vector<std::uint64_t> seen_;  // hashes of the texts of a batch
};

}  // namespace attn
