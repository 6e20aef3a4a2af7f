#include "generation/cached_decoder.h"

#include <algorithm>
#include <cstddef>
#include <numeric>

#include "autograd/context.h"
#include "autograd/select_rows.h"
#include "base/error.h"

namespace attn {

namespace {

int cached_tokens(const ModelConfig& config, std::int64_t tokens) {
  return static_cast<int>(std::clamp<std::int64_t>(tokens, 1, config.context));
}

std::span<const std::int32_t> last_of(std::span<const std::int32_t> tokens, std::size_t count) {
  return tokens.last(std::min(tokens.size(), count));
}

}  // namespace

CachedDecoder::CachedDecoder(const DecoderModel& model, const simd::Kernels& kernels, ThreadPool& pool, int slots,
                             std::int64_t tokens, bool drafts)
    : model_(model),
      kernels_(kernels),
      pool_(pool),
      drafts_(drafts),
      cache_(model.config().layers, slots, cached_tokens(model.config(), tokens),
             static_cast<std::int64_t>(model.config().kv_heads) * model.config().d_head),
      windows_(static_cast<std::size_t>(slots)),
      ended_(static_cast<std::size_t>(slots)),
      logit_rows_(static_cast<std::size_t>(slots)) {
  for (auto& window : windows_) window.reserve(static_cast<std::size_t>(cache_.context()));
}

void CachedDecoder::begin_batch() {
  starts_.assign(1, 0);
  lengths_.clear();
  positions_.clear();
  ids_.clear();
  wanted_rows_.clear();
}

void CachedDecoder::add_to_batch(std::span<const std::int32_t> tokens, std::int32_t first_position) {
  for (const std::int32_t id : tokens) {
    ids_.push_back(id);
    positions_.push_back(first_position++);
  }
  lengths_.push_back(static_cast<std::int32_t>(tokens.size()));
  starts_.push_back(static_cast<std::int32_t>(ids_.size()));
  if (!tokens.empty()) wanted_rows_.push_back(starts_.back() - 1);
}

void CachedDecoder::run_batch(bool drafts) {
  arena_.reset();
  Context context{arena_, pool_, kernels_};
  context.cache = &cache_;
  context.whole_numbers = drafts || !drafts_;
  const Sequences sequences{static_cast<std::int64_t>(lengths_.size()), starts_.data(), lengths_.data(),
                            positions_.data()};
  const Tensor hidden = model_.hidden(context, {sequences, ids_.data()});
  const auto wanted = static_cast<std::int64_t>(wanted_rows_.size());
  logits_ = model_.logits(context, select_rows(context, hidden, wanted_rows_.data(), wanted));
}

void CachedDecoder::read(std::span<const std::int32_t> prompt) {
  if (prompt.empty()) fail("a prompt needs at least one token");
  const auto text = last_of(prompt, static_cast<std::size_t>(cache_.context()));
  cache_.truncate(0);
  begin_batch();
  add_to_batch(text, 0);
  run_batch(false);
  cache_.reorder(std::vector<std::int32_t>(windows_.size(), 0));
  for (auto& window : windows_) window.assign(text.begin(), text.end());
  std::fill(ended_.begin(), ended_.end(), false);
  std::fill(logit_rows_.begin(), logit_rows_.end(), 0);
}

void CachedDecoder::append(std::span<const std::int32_t> tokens) {
  if (tokens.size() != windows_.size()) fail("expected a token for each of ", windows_.size(), " slots");
  const auto context = static_cast<std::size_t>(cache_.context());
  bool full = false;
  for (std::size_t slot = 0; slot < windows_.size(); ++slot) {
    if (tokens[slot] < 0) ended_[slot] = true;
    full |= !ended_[slot] && windows_[slot].size() == context;
  }
  // The texts that have not ended are equally long: the context is full for all of them or for none.
  if (full) cache_.truncate(0);
  begin_batch();
  for (std::size_t slot = 0; slot < windows_.size(); ++slot) {
    if (ended_[slot]) {
      add_to_batch({}, 0);
      continue;
    }
    auto& window = windows_[slot];
    if (full)
      window.erase(window.begin(),
                   window.end() - static_cast<std::ptrdiff_t>(std::max<std::size_t>(context / 2, 1) - 1));
    window.push_back(tokens[slot]);
    logit_rows_[slot] = static_cast<std::int64_t>(wanted_rows_.size());
    if (full) {
      add_to_batch(window, 0);
    } else {
      add_to_batch({&tokens[slot], 1}, static_cast<std::int32_t>(window.size() - 1));
    }
  }
  if (!ids_.empty()) run_batch(false);
}

void CachedDecoder::extend(std::span<const std::int32_t> tokens, bool drafts) {
  auto& window = windows_.front();
  begin_batch();
  add_to_batch(tokens, static_cast<std::int32_t>(window.size()));
  wanted_rows_.resize(tokens.size());
  std::iota(wanted_rows_.begin(), wanted_rows_.end(), 0);
  logit_rows_.front() = starts_.back() - 1;
  window.insert(window.end(), tokens.begin(), tokens.end());
  run_batch(drafts);
}

void CachedDecoder::draft(std::int32_t token) {
  extend({&token, 1}, true);
}

void CachedDecoder::append_all(std::span<const std::int32_t> tokens) {
  extend(tokens, false);
}

void CachedDecoder::take_back(int count) {
  auto& window = windows_.front();
  window.resize(window.size() - static_cast<std::size_t>(count));
  cache_.truncate(cache_.length(0) - count);
}

std::span<const float> CachedDecoder::logits(int slot, int back) const {
  const std::int64_t vocabulary = logits_.columns();
  const std::int64_t row = logit_rows_[static_cast<std::size_t>(slot)] - back;
  return {logits_.data + row * vocabulary, static_cast<std::size_t>(vocabulary)};
}

}  // namespace attn
