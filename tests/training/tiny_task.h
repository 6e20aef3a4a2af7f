#pragma once
// A language model on random tokens as a training task: for tests of the trainer and of what a step does.

#include <algorithm>
#include <memory>
#include <vector>

#include "autograd/output_loss.h"
#include "models/decoder.h"
#include "support/random_model.h"
#include "training/task.h"

namespace attn {

/// Sequences that lie one after the other, of different lengths, with random ids.
struct TinyBatch {
  /// The sequences [begin, end) of an endless corpus; the lengths go around `lengths`.
  TinyBatch(const ModelConfig& config, const std::vector<std::int32_t>& all_lengths, std::int64_t begin,
            std::int64_t end) {
    const RandomStream random(11, RandomPurpose::data);
    for (std::int64_t sequence = begin; sequence < end; ++sequence) {
      const std::int32_t length = all_lengths[static_cast<std::size_t>(sequence) % all_lengths.size()];
      const RandomStream text = random.derive(static_cast<std::uint64_t>(sequence));
      const auto token = [&](std::int32_t t) {
        return static_cast<std::int32_t>(
            text.below(static_cast<std::uint64_t>(t), static_cast<std::uint64_t>(config.vocabulary)));
      };
      for (std::int32_t t = 0; t < length; ++t) {
        ids.push_back(token(t));
        targets.push_back(t % 6 == 5 ? -1 : token(t + 1));
        positions.push_back(t);
        target_count += targets.back() >= 0;
      }
      starts.push_back(starts.back() + length);
      lengths.push_back(length);
    }
  }
  TokenBatch tokens() const {
    return {{static_cast<std::int64_t>(lengths.size()), starts.data(), lengths.data(), positions.data()}, ids.data()};
  }

  std::vector<std::int32_t> starts{0}, lengths, positions, ids, targets;  // (B + 1), (B), (N), (N), (N)
  std::int64_t target_count = 0;
};

/// Micro-batch m of every step is sequences [m·size, (m + 1)·size), so the data of a step does not change.
class TinyTask : public TrainingTask {
 public:
  TinyTask(const ModelConfig& config, const std::vector<std::int32_t>& lengths, std::int64_t micro_batches,
           std::int64_t size)
      : model_(random_model(config)) {
    for (std::int64_t micro = 0; micro < micro_batches; ++micro) {
      batches_.emplace_back(config, lengths, micro * size, (micro + 1) * size);
    }
  }

  DecoderModel& model() { return *model_; }
  Parameters& parameters() override { return model_->parameters(); }
  std::int64_t targets(std::int64_t, std::int64_t micro) override { return batch(micro).target_count; }
  std::int64_t most_parts(std::int64_t, std::int64_t micro) override {
    return static_cast<std::int64_t>(batch(micro).lengths.size());
  }
  LossSum train(Context& context, const BatchPart& part, float gradient_scale) override {
    const TinyBatch& whole = batch(part.micro);
    const std::int64_t sequences = static_cast<std::int64_t>(whole.lengths.size());
    const std::int64_t first = part.begin(sequences), count = part.end(sequences) - first;
    const std::int32_t* begins = whole.starts.data() + first;
    auto* starts = context.arena.array<std::int32_t>(static_cast<std::size_t>(count + 1));
    for (std::int64_t b = 0; b <= count; ++b) starts[b] = begins[b] - begins[0];
    return loss(context,
                {{count, starts, whole.lengths.data() + first, whole.positions.data() + begins[0]},
                 whole.ids.data() + begins[0]},
                whole.targets.data() + begins[0], gradient_scale);
  }
  std::int64_t validation_batches() const override { return static_cast<std::int64_t>(batches_.size()); }
  std::int64_t quick_validation_batches() const override { return 1; }
  LossSum validate(Context& context, std::int64_t index) override {
    return loss(context, batch(index).tokens(), batch(index).targets.data(), 1);
  }
  double characters_per_target() const override { return 1; }

 private:
  const TinyBatch& batch(std::int64_t index) const { return batches_[static_cast<std::size_t>(index)]; }
  LossSum loss(Context& context, const TokenBatch& tokens, const std::int32_t* targets, float gradient_scale) const {
    const Tensor hidden = model_->hidden(context, tokens);
    return {output_loss(context, hidden, model_->output_weight(), {}, targets,
                        {.label_smoothing = 0, .gradient_scale = gradient_scale}),
            std::count_if(targets, targets + hidden.rows(), [](std::int32_t target) { return target >= 0; })};
  }

  std::unique_ptr<DecoderModel> model_;
  std::vector<TinyBatch> batches_;
};

}  // namespace attn
