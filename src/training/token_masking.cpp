#include "training/token_masking.h"

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "text/tokenizer_trainer.h"

namespace attn {

namespace {

constexpr double kChosen = 0.15, kMasked = 0.8, kReplaced = 0.1;

std::int64_t chosen_of(std::int64_t ordinary) {
  return std::min(ordinary, std::max<std::int64_t>(1, std::llround(kChosen * static_cast<double>(ordinary))));
}

}  // namespace

TokenMasking::TokenMasking(int vocabulary, std::span<const std::int32_t> special_ids, std::int32_t mask_id)
    : special_(static_cast<std::size_t>(vocabulary)), mask_id_(mask_id) {
  for (const std::int32_t id : special_ids) special_.at(static_cast<std::size_t>(id)) = true;
  special_.at(static_cast<std::size_t>(mask_id)) = true;
  for (std::int32_t id = 0; id < vocabulary; ++id) {
    if (!is_special(id)) ordinary_.push_back(id);
  }
  if (ordinary_.empty()) fail("a masked language model needs tokens that are not special; the vocabulary has none");
}

std::int64_t TokenMasking::ordinary_of(std::span<const std::int32_t> ids) const {
  return std::count_if(ids.begin(), ids.end(), [&](std::int32_t id) { return !is_special(id); });
}

std::int64_t TokenMasking::count(std::span<const std::int32_t> ids) const {
  return chosen_of(ordinary_of(ids));
}

// Every set of that size is equally likely: each token is taken with the probability wanted / left (Knuth, The Art of
// Computer Programming, volume 2, 3.4.2, algorithm S).
void TokenMasking::apply(const RandomStream& random, std::span<std::int32_t> ids, std::int32_t* places,
                         std::int32_t* targets) const {
  std::int64_t left = ordinary_of(ids), wanted = chosen_of(left);
  for (std::size_t i = 0; i < ids.size() && wanted > 0; ++i) {
    if (is_special(ids[i])) continue;
    const std::uint64_t counter = 3 * i;
    if (random.uniform(counter) * static_cast<double>(left--) >= static_cast<double>(wanted)) continue;
    --wanted;
    *places++ = static_cast<std::int32_t>(i);
    *targets++ = ids[i];
    const double kind = random.uniform(counter + 1);
    if (kind < kMasked) ids[i] = mask_id_;
    if (kind >= kMasked && kind < kMasked + kReplaced) ids[i] = ordinary_[random.below(counter + 2, ordinary_.size())];
  }
}

void TokenMasking::hide(const RandomStream& random, double probability, std::span<std::int32_t> ids) const {
  for (std::size_t i = 0; i < ids.size(); ++i) {
    if (!is_special(ids[i]) && random.uniform(i) < probability) ids[i] = mask_id_;
  }
}

TokenMasking masking_of(const Tokenizer& tokenizer) {
  std::vector<std::int32_t> special;
  for (std::int32_t id = 0; id < tokenizer.vocabulary_size(); ++id) {
    if (tokenizer.is_special(id)) special.push_back(id);
  }
  const std::optional<std::int32_t> mask = tokenizer.id_of(kMaskToken);
  if (!mask) fail("the tokenizer has no token ", kMaskToken);
  return TokenMasking(tokenizer.vocabulary_size(), special, *mask);
}

}  // namespace attn
