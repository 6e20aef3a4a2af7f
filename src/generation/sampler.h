#pragma once
// From logits to the next token: the filters of `transformers`' logits processors, in their order, and a draw from what
// they leave. Knows neither models nor texts.

#include <cstdint>
#include <span>
#include <vector>

namespace attn {

struct SamplingOptions {
  bool greedy = false;           // the most likely token, always
  float temperature = 0.8f;      // logits are divided by it; 0 is greedy
  int top_k = 0;                 // only the k most likely tokens, and those as likely as the k-th; 0: all
  float top_p = 0.95f;           // only the fewest tokens that together have this probability; 1: all
  float min_p = 0;               // only tokens at least this fraction as likely as the most likely one
  float repetition_penalty = 1;  // of tokens already seen: logits above 0 divided, others multiplied by it; 1: none
};

/// Throws Error naming the option (as `--top-p`) whose value is impossible.
void check_sampling(const SamplingOptions& options);

class Sampler {
 public:
  Sampler(const SamplingOptions& options, std::uint64_t seed);

  /// The next token. logits (V); `seen`: the tokens of the context window. The number drawn is a function of seed,
  /// `sample` and `position` alone, so samples do not influence each other. Equally likely tokens: the lowest id wins.
  /// Throws Error if a logit is NaN or +infinity, or if no token is possible.
  std::int32_t next(std::span<const float> logits, std::span<const std::int32_t> seen, std::uint64_t sample,
                    std::uint64_t position);

  /// Penalty, temperature, top-k, top-p and min-p, in place: logits (V) become relative to the largest one, which is 0;
  /// those of tokens left out become -infinity. Not for greedy options.
  /// The sources: Keskar et al. 2019 (penalty), Fan et al. 2018 (top-k), Holtzman et al. 2020 (top-p), Nguyen et al.
  /// 2024 (min-p). top-p and min-p see probabilities after the filters before them.
  void filter(std::span<float> logits, std::span<const std::int32_t> seen);

 private:
  bool is_greedy() const { return options_.greedy || options_.temperature == 0; }
  void penalise(std::span<float> logits, std::span<const std::int32_t> seen);
  void keep_top_k(std::span<float> logits);
  double collect(std::span<const float> logits);
  void keep_top_p(std::span<float> logits);
  std::int32_t draw(std::span<const float> logits, double uniform);

  struct Candidate {
    float logit;
    float weight;  // exp(logit)
    std::int32_t id;
  };

  SamplingOptions options_;
  std::uint64_t seed_;
  std::vector<float> logits_;             // (V): a copy to be filtered
  std::vector<float> sorted_;             // (V): room for partial sorting
  std::vector<Candidate> candidates_;     // at most (V)
  std::vector<std::uint64_t> penalised_;  // (V): the round in which a token was penalised last
  std::uint64_t round_ = 0;
};

}  // namespace attn
