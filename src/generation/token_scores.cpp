#include "generation/token_scores.h"

#include <algorithm>

#include "autograd/context.h"
#include "base/error.h"

namespace attn {

namespace {

constexpr std::size_t kBatchTokens = 1024;  // a batch is run when it has so many

}  // namespace

TokenScorer::TokenScorer(const DecoderModel& model, const simd::Kernels& kernels, ThreadPool& pool, Sink sink)
    : model_(model), kernels_(kernels), pool_(pool), sink_(std::move(sink)), rows_(kernels, pool) {}

void TokenScorer::add(std::span<const std::int32_t> ids) {
  const auto context = static_cast<std::size_t>(model_.config().context);
  const std::size_t count = ids.empty() ? 0 : ids.size() - 1;
  for (const std::int32_t id : ids) {
    if (id < 0 || id >= model_.config().vocabulary) fail("the model has no token ", id);
  }
  for (std::size_t begin = 0; begin < count; begin += context) {
    const std::size_t length = std::min(context, count - begin);
    for (std::size_t i = 0; i < length; ++i) {
      ids_.push_back(ids[begin + i]);
      targets_.push_back(ids[begin + i + 1]);
      positions_.push_back(static_cast<std::int32_t>(i));
    }
    lengths_.push_back(static_cast<std::int32_t>(length));
    starts_.push_back(static_cast<std::int32_t>(ids_.size()));
  }
  text_tokens_.push_back(static_cast<std::int64_t>(count));
  if (ids_.size() >= kBatchTokens) run_batch();
}

void TokenScorer::finish() {
  run_batch();
}

void TokenScorer::run_batch() {
  scores_.resize(ids_.size());
  if (!ids_.empty()) {
    arena_.reset();
    Context context{arena_, pool_, kernels_};
    const Sequences sequences{static_cast<std::int64_t>(lengths_.size()), starts_.data(), lengths_.data(),
                              positions_.data()};
    rows_.score(model_.hidden(context, {sequences, ids_.data()}), model_.output_weight(), {}, targets_, scores_);
  }
  std::size_t begin = 0;
  for (const std::int64_t tokens : text_tokens_) {
    sink_(reported_++, std::span(scores_).subspan(begin, static_cast<std::size_t>(tokens)));
    begin += static_cast<std::size_t>(tokens);
  }
  text_tokens_.clear();
  starts_.assign(1, 0);
  lengths_.clear();
  positions_.clear();
  ids_.clear();
  targets_.clear();
}

}  // namespace attn
