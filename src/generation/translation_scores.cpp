#include "generation/translation_scores.h"

#include "autograd/context.h"
#include "base/error.h"

namespace attn {

namespace {

constexpr std::size_t kBatchTokens = 2048;  // of both sides: a batch is run when it has so many

}  // namespace

void TranslationScorer::Side::close() {
  const auto length = static_cast<std::int32_t>(ids.size()) - starts.back();
  for (std::int32_t t = 0; t < length; ++t) positions.push_back(t);
  lengths.push_back(length);
  starts.push_back(starts.back() + length);
}

void TranslationScorer::Side::clear() {
  starts.assign(1, 0);
  lengths.clear();
  positions.clear();
  ids.clear();
}

TokenBatch TranslationScorer::Side::batch() const {
  return {{static_cast<std::int64_t>(lengths.size()), starts.data(), lengths.data(), positions.data()}, ids.data()};
}

TranslationScorer::TranslationScorer(const EncoderDecoderModel& model, const simd::Kernels& kernels, ThreadPool& pool,
                                     Sink sink)
    : model_(model), kernels_(kernels), pool_(pool), sink_(std::move(sink)), rows_(kernels, pool) {
  if (!model.config().pad_id) fail("the model has no pad token for its decoder to start with");
}

void TranslationScorer::check(const char* side, std::span<const std::int32_t> ids) const {
  const ModelConfig& config = model_.config();
  if (ids.empty() || ids.size() > static_cast<std::size_t>(config.context)) {
    fail("a ", side, " has ", ids.size(), " tokens, expected 1 to ", config.context);
  }
  for (const std::int32_t id : ids) {
    if (id < 0 || id >= config.vocabulary) fail("the model has no token ", id);
  }
}

void TranslationScorer::add(std::span<const std::int32_t> source, std::span<const std::int32_t> target) {
  check("source", source);
  check("target", target);
  source_.ids.insert(source_.ids.end(), source.begin(), source.end());
  source_.close();
  target_.ids.push_back(*model_.config().pad_id);
  target_.ids.insert(target_.ids.end(), target.begin(), target.end() - 1);
  target_.close();
  wanted_.insert(wanted_.end(), target.begin(), target.end());
  if (source_.ids.size() + target_.ids.size() >= kBatchTokens) finish();
}

void TranslationScorer::finish() {
  if (wanted_.empty()) return;
  arena_.reset();
  Context context{arena_, pool_, kernels_};
  const Tensor states = model_.encode(context, source_.batch());  // (N_S, C)
  const Tensor hidden = model_.decode(context, target_.batch(),
                                      {states, nullptr, source_.starts.data(), source_.lengths.data()});  // (N, C)
  scores_.resize(wanted_.size());
  rows_.score(hidden, model_.output_weight(), model_.output_bias(), wanted_, scores_);
  std::size_t begin = 0;
  for (const std::int32_t length : target_.lengths) {
    sink_(reported_++, std::span(scores_).subspan(begin, static_cast<std::size_t>(length)));
    begin += static_cast<std::size_t>(length);
  }
  source_.clear();
  target_.clear();
  wanted_.clear();
}

}  // namespace attn
