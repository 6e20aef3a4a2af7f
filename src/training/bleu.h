#pragma once
// BLEU of a corpus (Papineni et al., 2002), equal to the defaults of sacreBLEU 2 (Post, 2018): cased, mteval's 13a
// tokenisation, n-grams of 1 to 4 words, exponential smoothing, no effective order; one reference a line.

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace attn {

struct BleuScore {
  static constexpr std::size_t kOrders = 4;

  double score = 0;                          // 0 to 100
  std::array<double, kOrders> precisions{};  // of n-grams of n words in percent, smoothed; 0 where there are none
  double brevity_penalty = 0;
  double ratio = 0;                   // of the two lengths; 0 without any reference
  std::int64_t hypothesis_words = 0;  // after tokenisation
  std::int64_t reference_words = 0;
};

/// Takes lines one by one; what is kept does not grow with them.
class Bleu {
 public:
  /// A translation and what it should be, both UTF-8.
  void add(std::string_view hypothesis, std::string_view reference);
  BleuScore score() const;

  /// The settings in sacreBLEU's form, with this program's own version.
  static std::string signature();

 private:
  std::int64_t hypothesis_words_ = 0, reference_words_ = 0;
  std::array<std::int64_t, BleuScore::kOrders> matches_{}, totals_{};  // n-grams of n words of the hypotheses
};

/// The words that BLEU counts: mteval-v13a's entities and language-independent rules, then those for Western languages.
std::vector<std::string> tokenize_13a(std::string_view text);

}  // namespace attn
