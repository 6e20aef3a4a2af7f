#include "training/language_task.h"

#include <algorithm>

#include "autograd/output_loss.h"
#include "training/packed_examples.h"

namespace attn {

namespace {

constexpr std::int64_t kQuickValidationTokens = 200000;
constexpr std::int64_t kValidationTokens = 192;  // read at a time

// Room for windows of tokens, each followed by the token that its last one predicts.
struct Windows {
  std::int64_t count;
  std::int64_t* lengths;    // (count)
  std::int32_t* ids;        // (N)
  std::int32_t* targets;    // (N)
  std::int64_t tokens = 0;  // N so far

  Windows(Arena& arena, std::int64_t windows, std::int64_t context)
      : count(windows),
        lengths(arena.array<std::int64_t>(static_cast<std::size_t>(windows))),
        ids(arena.array<std::int32_t>(static_cast<std::size_t>(windows * context))),
        targets(arena.array<std::int32_t>(static_cast<std::size_t>(windows * context))),
        pair_(arena.array<std::int32_t>(static_cast<std::size_t>(context + 1))) {}

  void read(const TokenFile& file, std::int64_t index, std::int64_t position, std::int64_t length) {
    file.read(position, length + 1, pair_);
    std::copy_n(pair_, length, ids + tokens);
    std::copy_n(pair_ + 1, length, targets + tokens);
    lengths[index] = length;
    tokens += length;
  }

 private:
  std::int32_t* pair_;  // (context + 1)
};

}  // namespace

LanguageTask::LanguageTask(DecoderModel& model, const TokenFile& train, const TokenFile& valid,
                           const LanguageTaskOptions& options)
    : model_(model), train_(train), valid_(valid), options_(options) {
  options_.context = std::min(options_.context, train.size() - 1);
}

std::int64_t LanguageTask::targets(std::int64_t, std::int64_t) {
  return options_.batch * options_.context;
}

std::int64_t LanguageTask::most_parts(std::int64_t, std::int64_t) {
  return options_.batch;
}

LossSum LanguageTask::train(Context& context, const BatchPart& part, float gradient_scale) {
  const RandomStream random = RandomStream(options_.seed, RandomPurpose::batches)
                                  .derive(static_cast<std::uint64_t>(part.step))
                                  .derive(static_cast<std::uint64_t>(part.micro));
  const auto places = static_cast<std::uint64_t>(train_.size() - options_.context);
  const std::int64_t begin = part.begin(options_.batch), end = part.end(options_.batch);
  Windows windows(context.arena, end - begin, options_.context);
  for (std::int64_t b = begin; b < end; ++b) {
    const auto position = static_cast<std::int64_t>(random.below(static_cast<std::uint64_t>(b), places));
    windows.read(train_, b - begin, position, options_.context);
  }
  const TokenBatch batch{make_sequences(context.arena, windows.lengths, windows.count), windows.ids};
  const Tensor hidden = model_.hidden(context, batch);
  const double loss = output_loss(context, hidden, model_.output_weight(), {}, windows.targets,
                                  {options_.label_smoothing, gradient_scale});
  return {loss, windows.tokens};
}

std::int64_t LanguageTask::validation_batches() const {
  const std::int64_t batch_tokens = options_.batch * options_.context;
  return (valid_.size() - 1 + batch_tokens - 1) / batch_tokens;
}

std::int64_t LanguageTask::quick_validation_batches() const {
  const std::int64_t batch_tokens = options_.batch * options_.context;
  const std::int64_t quick = options_.eval_batches > 0
                                 ? options_.eval_batches
                                 : std::max<std::int64_t>(1, kQuickValidationTokens / batch_tokens);
  return std::min(quick, validation_batches());
}

// A few windows at a time: without a tape nothing of one is wanted when the next begins.
LossSum LanguageTask::validate(Context& context, std::int64_t batch) {
  const std::int64_t targets = valid_.size() - 1;
  const std::int64_t begin = batch * options_.batch * options_.context;
  const std::int64_t end = std::min(targets, begin + options_.batch * options_.context);
  const std::int64_t step = std::max<std::int64_t>(1, kValidationTokens / options_.context) * options_.context;
  LossSum sum;
  for (std::int64_t from = begin; from < end; from += step) {
    context.arena.reset();
    sum += validate_windows(context, from, std::min(from + step, end));
  }
  return sum;
}

LossSum LanguageTask::validate_windows(Context& context, std::int64_t begin, std::int64_t end) const {
  Windows windows(context.arena, (end - begin + options_.context - 1) / options_.context, options_.context);
  for (std::int64_t i = 0; i < windows.count; ++i) {
    const std::int64_t position = begin + i * options_.context;
    windows.read(valid_, i, position, std::min(options_.context, end - position));
  }
  const TokenBatch tokens{make_sequences(context.arena, windows.lengths, windows.count), windows.ids};
  const Tensor hidden = model_.hidden(context, tokens);
  return {output_loss(context, hidden, model_.output_weight(), {}, windows.targets, {}), windows.tokens};
}

double LanguageTask::characters_per_target() const {
  return options_.valid_characters / static_cast<double>(std::max<std::int64_t>(1, valid_.size() - 1));
}

}  // namespace attn
