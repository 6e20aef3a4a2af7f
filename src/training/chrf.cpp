#include "training/chrf.h"

#include "base/error.h"
#include "base/utf8.h"
#include "base/version.h"
#include "training/ngrams.h"

namespace attn {

namespace {

std::u32string without_spaces(std::string_view text) {
  std::u32string characters = to_code_points(text);
  std::erase_if(characters, is_python_space);
  return characters;
}

}  // namespace

void ChrF::add(std::string_view hypothesis, std::string_view reference) {
  const std::u32string characters = without_spaces(hypothesis);
  const std::u32string wanted = without_spaces(reference);
  for (std::size_t i = 0; i < kOrders; ++i) {
    const std::int64_t possible = count_ngrams(wanted.size(), i + 1);
    // N-grams for which a line's reference is too short count neither for nor against the hypothesis.
    hypothesis_[i] += possible > 0 ? count_ngrams(characters.size(), i + 1) : 0;
    reference_[i] += possible;
    matches_[i] += count_shared_ngrams(characters, wanted, i + 1);
  }
}

double ChrF::score() const {
  double precision = 0, recall = 0, orders = 0;
  for (std::size_t i = 0; i < kOrders; ++i) {
    if (hypothesis_[i] == 0 || reference_[i] == 0) continue;
    precision += static_cast<double>(matches_[i]) / static_cast<double>(hypothesis_[i]);
    recall += static_cast<double>(matches_[i]) / static_cast<double>(reference_[i]);
    ++orders;
  }
  if (precision + recall == 0) return 0;
  // F = (1 + β²)·P·R/(β²·P + R) of the means P and R over the orders, with β = 2.
  precision /= orders;
  recall /= orders;
  return 100 * 5 * precision * recall / (4 * precision + recall);
}

std::string ChrF::signature() {
  return concat("nrefs:1|case:mixed|eff:yes|nc:6|nw:0|space:no|version:attn-", kVersion);
}

}  // namespace attn
