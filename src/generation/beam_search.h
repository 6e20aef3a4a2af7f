#pragma once
// The search for the likeliest target of one source. Knows no model: it is told how likely each next token of its
// hypotheses is, and says which of them go on, and with which token.

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "generation/sampler.h"

namespace attn {

/// A complete target.
struct Hypothesis {
  std::vector<std::int32_t> ids;  // without the end token
  double log_probability = 0;     // Σ log p of its tokens, the end token included
  double score = 0;               // log_probability / n^α, n tokens with the end token
  bool ended = true;              // false: cut at the greatest length
};

struct SearchOptions {
  std::int32_t end_id = 0;
  int max_length = 1;         // target tokens, the end token included
  double length_penalty = 1;  // α, from 0
};

/// What searches have in common: hypotheses that go on, and those that are complete.
class TargetSearch {
 public:
  /// A hypothesis that goes on: it continues number `parent` of those before the last advance() with a token.
  struct Live {
    std::int32_t parent = 0;
    std::int32_t id = 0;
    double sum = 0;            // Σ log p so far
    std::int32_t node = -1;    // its last token in nodes_; none: nothing was written yet
    std::uint64_t sample = 0;  // which of several draws it is
  };

  virtual ~TargetSearch() = default;

  /// In the beginning one, of no tokens; none when the search has ended.
  std::span<const Live> live() const { return live_; }
  /// One more token. log_probabilities (live, V): natural logarithms; those of tokens that may not come are -infinity.
  virtual void advance(const float* log_probabilities, std::int64_t vocabulary) = 0;
  /// Complete hypotheses: the greatest score first, of equal ones the one with the lower ids; of a sample all that
  /// were drawn.
  const std::vector<Hypothesis>& finished() const { return finished_; }
  int max_length() const { return options_.max_length; }

 protected:
  explicit TargetSearch(const SearchOptions& options) : options_(options) {}

  /// The hypothesis with one more token.
  Live extend(std::size_t parent, std::int32_t id, double sum);
  /// Keeps a complete hypothesis among the best `most`, whose last token `node` is.
  void finish(std::int32_t node, double sum, bool ended, std::size_t most);

  SearchOptions options_;
  int length_ = 0;  // tokens of every live hypothesis
  std::vector<Live> live_{{}};
  std::vector<Hypothesis> finished_;

 private:
  struct Node {
    std::int32_t before, id;
  };
  std::vector<Node> nodes_;  // every token of every hypothesis, behind the one before it
};

/// Beam search. Of the 2·beam likeliest continuations of all live hypotheses, those that do not end go on, at most
/// `beam` of them; those that end are complete if they are among the first `beam`. It ends when no live hypothesis's sum
/// divided by max_length^α beats the worst of `beam` complete ones. A beam of 1 is the greedy search: only the likeliest
/// token counts. Ties go to the better parent, then to the lower id.
class BeamSearch : public TargetSearch {
 public:
  BeamSearch(const SearchOptions& options, int beam);
  void advance(const float* log_probabilities, std::int64_t vocabulary) override;

 private:
  struct Candidate {
    double sum;
    std::int32_t parent, id;
  };
  static bool before(const Candidate& a, const Candidate& b);
  void collect(const float* log_probabilities, std::int64_t vocabulary);
  bool can_improve() const;

  std::size_t beam_, wanted_;
  std::vector<Candidate> candidates_;  // the best so far, as a heap with the worst on top
};

/// Independent samples of the target; scores are those of the model, whatever the sampler's filters.
class SampleSearch : public TargetSearch {
 public:
  /// Draws `count` samples, numbered from `first_sample`. The sampler must outlive the search; searches that share one
  /// must not advance at the same time.
  SampleSearch(const SearchOptions& options, Sampler& sampler, std::uint64_t first_sample, int count);
  /// Throws Error if a probability is not a number.
  void advance(const float* log_probabilities, std::int64_t vocabulary) override;

 private:
  Sampler& sampler_;
  std::uint64_t first_sample_;
  int count_;
};

}  // namespace attn
