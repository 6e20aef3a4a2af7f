#include "training/chat_task.h"

#include <algorithm>
#include <cstddef>

#include "autograd/output_loss.h"
#include "training/packed_examples.h"

namespace attn {

namespace {

constexpr std::int64_t kQuickValidationTokens = 200000;
constexpr std::int64_t kValidationTokens = 2048;  // of a batch

BatchOptions training_batches(const ChatTaskOptions& options) {
  return {.examples = options.batch, .tokens = options.batch_tokens, .seed = options.seed};
}

std::int64_t rounds_of(const ExampleFile& train, const ChatTaskOptions& options) {
  const std::int64_t rounds = options.batch > 0 ? options.batch / train.size()
                                                : options.batch_tokens / std::max<std::int64_t>(1, train.total());
  return std::max<std::int64_t>(1, rounds);
}

}  // namespace

TurnLengths fit_turn(std::int64_t prompt, std::int64_t reply, std::int64_t context) {
  const std::int64_t room = std::max<std::int64_t>({1, context / 2, context - prompt + 1});
  const std::int64_t kept = std::min(reply, room);
  return {std::min(prompt, context - kept + 1), kept};
}

void TurnSequences::clear() {
  ids_.clear();
  targets_.clear();
  lengths_.clear();
  target_count_ = 0;
}

void TurnSequences::begin_sequence() {
  lengths_.push_back(0);
}

std::int64_t TurnSequences::tokens_with(const TurnLengths& turn) const {
  return lengths_.back() + (lengths_.back() > 0 ? 1 : 0) + turn.tokens();
}

void TurnSequences::push(std::int32_t id, std::int32_t target) {
  ids_.push_back(id);
  targets_.push_back(target);
  ++lengths_.back();
  target_count_ += target >= 0;
}

void TurnSequences::add(const ExampleFile& file, std::int64_t example, std::int64_t context) {
  const std::int64_t prompt_length = file.length(example, 0);
  const TurnLengths turn = fit_turn(prompt_length, file.length(example, 1), context);
  turn_.resize(static_cast<std::size_t>(file.tokens(example)));
  file.read(example, turn_.data());
  const std::int32_t* const prompt = turn_.data() + prompt_length - turn.prompt;
  const std::int32_t* const reply = turn_.data() + prompt_length;
  if (lengths_.back() > 0) push(last_, -1);
  for (std::int64_t t = 0; t < turn.prompt; ++t) push(prompt[t], t + 1 < turn.prompt ? -1 : reply[0]);
  for (std::int64_t t = 0; t + 1 < turn.reply; ++t) push(reply[t], reply[t + 1]);
  last_ = reply[turn.reply - 1];
}

TokenBatch TurnSequences::batch(Arena& arena) const {
  return {make_sequences(arena, lengths_.data(), count()), ids_.data()};
}

ChatTask::ChatTask(DecoderModel& model, const ExampleFile& train, const ExampleFile& valid,
                   const ChatTaskOptions& options)
    : model_(model),
      train_(train),
      valid_(valid),
      options_(options),
      train_batches_(train, training_batches(options)),
      valid_batches_(valid, {.tokens = kValidationTokens}),
      rounds_(rounds_of(train, options)) {}

TurnLengths ChatTask::fitted(const ExampleFile& file, std::int64_t example) const {
  return fit_turn(file.length(example, 0), file.length(example, 1), options_.context);
}

template <class Use>
void ChatTask::for_each_example(std::int64_t step, std::int64_t micro, const Use& use) {
  const std::int64_t first = (step * options_.accumulate + micro) * rounds_;
  for (std::int64_t round = 0; round < rounds_; ++round) {
    for (const std::int64_t example : train_batches_.batch(first + round)) use(example);
  }
}

std::int64_t ChatTask::targets(std::int64_t step, std::int64_t micro) {
  std::int64_t sum = 0;
  for_each_example(step, micro, [&](std::int64_t example) { sum += fitted(train_, example).reply; });
  return sum;
}

LossSum ChatTask::train(Context& context, const BatchPart& part, float gradient_scale) {
  const RandomStream random = RandomStream(options_.seed, RandomPurpose::batches)
                                  .derive(static_cast<std::uint64_t>(part.step))
                                  .derive(static_cast<std::uint64_t>(part.micro));
  std::int64_t limit = 0;  // of tokens, for more than one turn
  sequences_.clear();
  for_each_example(part.step, part.micro, [&](std::int64_t example) {
    if (sequences_.count() == 0 || sequences_.tokens_with(fitted(train_, example)) > limit) {
      const auto longest = static_cast<std::uint64_t>(options_.context);
      limit = 1 + static_cast<std::int64_t>(random.below(static_cast<std::uint64_t>(sequences_.count()), longest));
      sequences_.begin_sequence();
    }
    sequences_.add(train_, example, options_.context);
  });
  const Tensor hidden = model_.hidden(context, sequences_.batch(context.arena));
  const double loss = output_loss(context, hidden, model_.output_weight(), {}, sequences_.target_ids(),
                                  {.label_smoothing = options_.label_smoothing, .gradient_scale = gradient_scale});
  return {loss, sequences_.targets()};
}

std::int64_t ChatTask::quick_validation_batches() const {
  const std::int64_t quick =
      options_.eval_batches > 0 ? options_.eval_batches : kQuickValidationTokens / kValidationTokens;
  return std::min(quick, validation_batches());
}

LossSum ChatTask::validate(Context& context, std::int64_t batch) {
  sequences_.clear();
  for (const std::int64_t example : valid_batches_.batch(batch)) {
    sequences_.begin_sequence();
    sequences_.add(valid_, example, options_.context);
  }
  const Tensor hidden = model_.hidden(context, sequences_.batch(context.arena));
  return {output_loss(context, hidden, model_.output_weight(), {}, sequences_.target_ids(), {}), sequences_.targets()};
}

double ChatTask::characters_per_target() const {
  return options_.valid_characters / static_cast<double>(valid_.total(1));
}

}  // namespace attn
