#pragma once
// Which tokens of a text a masked language model has to guess, and what stands in their place (Devlin et al. 2018,
// section 3.1). Knows no model.

#include <cstdint>
#include <span>
#include <vector>

#include "base/random.h"
#include "text/tokenizer.h"

namespace attn {

class TokenMasking {
 public:
  /// Special tokens are never chosen and never put anywhere, but for the mask itself. Throws Error if every token of the
  /// vocabulary is special.
  TokenMasking(int vocabulary, std::span<const std::int32_t> special_ids, std::int32_t mask_id);

  /// How many tokens of the text are chosen: 15 % of those that are not special, at least one if there is one.
  std::int64_t count(std::span<const std::int32_t> ids) const;

  /// Chooses count(ids) tokens at random, writes their places in the text, lowest first, and their ids to `places` and
  /// `targets` (count), and puts [MASK] in 80 % of the places, a random token in 10 %; the others stay.
  void apply(const RandomStream& random, std::span<std::int32_t> ids, std::int32_t* places,
             std::int32_t* targets) const;

  /// Puts the mask in the place of each ordinary token with this probability: a text that can be understood in many ways
  /// is not learnt by heart (word dropout; Iyyer et al. 2015).
  void hide(const RandomStream& random, double probability, std::span<std::int32_t> ids) const;

 private:
  bool is_special(std::int32_t id) const { return special_[static_cast<std::size_t>(id)]; }
  std::int64_t ordinary_of(std::span<const std::int32_t> ids) const;

  std::vector<bool> special_;           // (V)
  std::vector<std::int32_t> ordinary_;  // all other ids
  std::int32_t mask_id_;
};

/// For a tokenizer with the token [MASK]. Throws Error if it has none.
TokenMasking masking_of(const Tokenizer& tokenizer);

}  // namespace attn
