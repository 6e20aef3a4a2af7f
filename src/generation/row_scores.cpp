#include "generation/row_scores.h"

#include <algorithm>
#include <cmath>

#include "autograd/context.h"
#include "autograd/linear.h"

namespace attn {

namespace {

constexpr std::int64_t kLogits = 1 << 22;  // so many are held at once
constexpr std::int64_t kLogitFlops = 10;   // roughly, of a logit's share in the sums

TokenScore score_row(const float* logits, std::int64_t vocabulary, std::int32_t target) {
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

void RowScorer::score(const Tensor& hidden, const Tensor& weight, const Tensor& bias,
                      std::span<const std::int32_t> targets, std::span<TokenScore> scores) {
  const std::int64_t vocabulary = weight.rows(), columns = hidden.columns();
  const std::int64_t block = std::max<std::int64_t>(1, kLogits / vocabulary);
  for (std::int64_t begin = 0; begin < hidden.rows(); begin += block) {
    const std::int64_t rows = std::min(block, hidden.rows() - begin);
    arena_.reset();
    Context context{arena_, pool_, kernels_};
    const Tensor some{hidden.data + begin * columns, nullptr, Shape::matrix(rows, columns)};
    const Tensor logits = linear(context, some, weight, bias);  // (rows, V)
    pool_.run(rows, static_cast<double>(kLogitFlops * rows * vocabulary), [&](std::int64_t row, int) {
      const auto at = static_cast<std::size_t>(begin + row);
      scores[at] = score_row(logits.data + row * vocabulary, vocabulary, targets[at]);
    });
  }
}

}  // namespace attn
