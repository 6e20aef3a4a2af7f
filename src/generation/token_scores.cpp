#include "generation/token_scores.h"

#include <algorithm>
#include <cmath>

#include "autograd/context.h"
#include "base/error.h"

namespace attn {

namespace {

constexpr std::size_t kBatchTokens = 1024;  // a batch is run when it has so many
constexpr std::int64_t kLogits = 1 << 22;   // so many are held at once
constexpr std::int64_t kLogitFlops = 10;    // roughly, of a logit's share in the sums

TokenScore score(const float* logits, std::int64_t vocabulary, std::int32_t target) {
  const float top = *std::max_element(logits, logits + vocabulary);
  double sum = 0, weighted = 0;  // Σ exp(l), Σ exp(l)·l with l relative to the largest logit
  std::int64_t rank = 1;
  for (std::int64_t i = 0; i < vocabulary; ++i) {
    const float logit = logits[i] - top;
    const double weight = std::exp(logit);
    sum += weight;
    if (weight > 0) weighted += weight * static_cast<double>(logit);
    rank += logits[i] > logits[target];
  }
  const double log_sum = std::log(sum);
  return {static_cast<double>(logits[target] - top) - log_sum, rank, log_sum - weighted / sum};
}

}  // namespace

TokenScorer::TokenScorer(const DecoderModel& model, const simd::Kernels& kernels, ThreadPool& pool, Sink sink)
    : model_(model), kernels_(kernels), pool_(pool), sink_(std::move(sink)) {}

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
    score_rows(model_.hidden(context, {sequences, ids_.data()}));
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

void TokenScorer::score_rows(const Tensor& hidden) {
  const std::int64_t vocabulary = model_.config().vocabulary, columns = hidden.columns();
  const std::int64_t block = std::max<std::int64_t>(1, kLogits / vocabulary);
  for (std::int64_t begin = 0; begin < hidden.rows(); begin += block) {
    const std::int64_t rows = std::min(block, hidden.rows() - begin);
    logits_arena_.reset();
    Context context{logits_arena_, pool_, kernels_};
    const Tensor logits =
        model_.logits(context, {hidden.data + begin * columns, nullptr, Shape::matrix(rows, columns)});
    pool_.run(rows, static_cast<double>(kLogitFlops * rows * vocabulary), [&](std::int64_t row, int) {
      const auto at = static_cast<std::size_t>(begin + row);
      scores_[at] = score(logits.data + row * vocabulary, vocabulary, targets_[at]);
    });
  }
}

}  // namespace attn
