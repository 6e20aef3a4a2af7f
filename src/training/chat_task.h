#pragma once
// Training a decoder-only model to answer: the loss counts replies and the end behind them, never prompts. An example
// has two fields: the prompt with its separator, and the reply with its end (text/chat_format.h).

#include <cstdint>
#include <vector>

#include "models/decoder.h"
#include "text/example_batches.h"
#include "training/task.h"

namespace attn {

struct ChatTaskOptions {
  std::int64_t context = 128;     // tokens of a sequence
  std::int64_t batch = 0;         // examples of a micro-batch, or
  std::int64_t batch_tokens = 0;  // tokens of one
  std::int64_t accumulate = 1;    // micro-batches of a step
  float label_smoothing = 0;
  std::uint64_t seed = 1;
  std::int64_t eval_batches = 0;  // of validation during training; 0: about 200,000 tokens
  double valid_characters = 0;    // of the validation part's replies
};

/// How many tokens of an example fit a sequence: a reply that is too long loses its end, but keeps half of the context
/// at least, and a prompt then its beginning.
struct TurnLengths {
  std::int64_t prompt = 0, reply = 0;  // both 1 at least

  /// Tokens that the model reads, the last token of the reply is only predicted.
  std::int64_t tokens() const { return prompt + reply - 1; }
};
TurnLengths fit_turn(std::int64_t prompt, std::int64_t reply, std::int64_t context);

/// Turns one behind the other in sequences, with the targets of a pass. Allocates nothing once it has grown.
class TurnSequences {
 public:
  void clear();
  void begin_sequence();
  /// Adds an example to the last sequence, which has `context` tokens at most when it is alone there.
  void add(const ExampleFile& file, std::int64_t example, std::int64_t context);

  std::int64_t count() const { return static_cast<std::int64_t>(lengths_.size()); }
  /// Tokens that the last sequence would have with one more turn.
  std::int64_t tokens_with(const TurnLengths& turn) const;
  /// The number of targets that are not negative.
  std::int64_t targets() const { return target_count_; }
  /// Valid until the next change; the sequences' arrays come from the arena.
  TokenBatch batch(Arena& arena) const;
  const std::int32_t* target_ids() const { return targets_.data(); }

 private:
  void push(std::int32_t id, std::int32_t target);

  std::vector<std::int32_t> ids_, targets_;  // (N)
  std::vector<std::int64_t> lengths_;        // (B)
  std::vector<std::int32_t> turn_;           // of one example
  std::int32_t last_ = 0;                    // of the last turn, not read by the model unless another turn follows
  std::int64_t target_count_ = 0;
};

/// Examples are shuffled each epoch and put into sequences of random length, up to the context: some hold one turn,
/// others several, like a dialogue. So a model learns to answer with earlier turns in view, at every position. Data
/// that are smaller than a batch are taken several times for one.
class ChatTask : public TrainingTask {
 public:
  /// Both files hold an example at least. Throws Error.
  ChatTask(DecoderModel& model, const ExampleFile& train, const ExampleFile& valid, const ChatTaskOptions& options);

  Parameters& parameters() override { return model_.parameters(); }
  std::int64_t targets(std::int64_t step, std::int64_t micro) override;
  LossSum train(Context& context, const BatchPart& part, float gradient_scale) override;
  std::int64_t validation_batches() const override { return valid_batches_.batches_per_epoch(); }
  std::int64_t quick_validation_batches() const override;
  /// Every example in a sequence of its own.
  LossSum validate(Context& context, std::int64_t batch) override;
  double characters_per_target() const override;

 private:
  template <class Use>
  void for_each_example(std::int64_t step, std::int64_t micro, const Use& use);
  TurnLengths fitted(const ExampleFile& file, std::int64_t example) const;

  DecoderModel& model_;
  const ExampleFile& train_;
  const ExampleFile& valid_;
  ChatTaskOptions options_;
  ExampleBatches train_batches_, valid_batches_;
  std::int64_t rounds_;  // epochs in a micro-batch, if it has room for more than one
  TurnSequences sequences_;
};

}  // namespace attn
