#include "generation/nearest.h"

#include <algorithm>

#include "base/error.h"

namespace attn {

namespace {

constexpr std::int64_t kTaskRows = 8192;   // rows that one task looks at
constexpr std::int64_t kScoredRows = 512;  // rows scored at once: scores stay in the first-level cache
constexpr std::int64_t kQueries = 64;      // queries of one pass over the rows

bool is_better(const Neighbour& a, const Neighbour& b) {
  return a.score != b.score ? a.score > b.score : a.row < b.row;
}

// The best neighbours seen so far, as a heap with the worst on top.
class BestRows {
 public:
  explicit BestRows(std::int64_t count) : count_(static_cast<std::size_t>(count)) {}

  bool wants(const Neighbour& candidate) const {
    return heap_.size() < count_ || (count_ > 0 && is_better(candidate, heap_.front()));
  }
  void offer(const Neighbour& candidate) {
    if (!wants(candidate)) return;
    if (heap_.size() == count_) {
      std::pop_heap(heap_.begin(), heap_.end(), is_better);
      heap_.back() = candidate;
    } else {
      heap_.push_back(candidate);
    }
    std::push_heap(heap_.begin(), heap_.end(), is_better);
  }
  const std::vector<Neighbour>& all() const { return heap_; }
  std::vector<Neighbour> sorted() && {
    std::sort(heap_.begin(), heap_.end(), is_better);
    return std::move(heap_);
  }

 private:
  std::size_t count_;
  std::vector<Neighbour> heap_;
};

struct Search {
  VectorRows vectors, queries;  // at most kQueries queries
  std::span<const std::int64_t> left_out;
  const simd::Kernels& kernels;

  simd::Matmul product(std::int64_t begin, std::int64_t rows, float* scores) const {
    return {.form = simd::Form::NT,
            .m = queries.rows,
            .n = rows,
            .k = vectors.columns,
            .a = queries.data,
            .lda = queries.columns,
            .b = vectors.data + begin * vectors.columns,
            .ldb = vectors.columns,
            .c = scores,
            .ldc = rows,
            .alone = true};
  }

  // Offers rows [begin, end) to the queries' best ones. `scores` (queries, kScoredRows).
  void run(std::int64_t begin, std::int64_t end, float* scores, float* scratch, std::vector<BestRows>& best) const {
    for (std::int64_t first = begin; first < end; first += kScoredRows) {
      const std::int64_t rows = std::min(kScoredRows, end - first);
      const simd::Matmul matmul = product(first, rows, scores);
      multiply_alone(kernels, matmul, kernels.plan_matmul(matmul), scratch);
      for (std::int64_t q = 0; q < queries.rows; ++q) {
        BestRows& best_rows = best[static_cast<std::size_t>(q)];
        for (std::int64_t i = 0; i < rows; ++i) {
          const Neighbour candidate{first + i, scores[q * rows + i]};
          if (!best_rows.wants(candidate)) continue;
          if (!std::binary_search(left_out.begin(), left_out.end(), candidate.row)) best_rows.offer(candidate);
        }
      }
    }
  }
};

void search(const Search& search, std::int64_t count, ThreadPool& pool, std::vector<std::vector<Neighbour>>& results) {
  const std::int64_t rows = search.vectors.rows, queries = search.queries.rows;
  const std::int64_t tasks = (rows + kTaskRows - 1) / kTaskRows;
  // Every task keeps its own best rows, so that the result does not depend on the threads.
  std::vector<std::vector<BestRows>> best(static_cast<std::size_t>(tasks),
                                          std::vector<BestRows>(static_cast<std::size_t>(queries), BestRows(count)));
  const std::int64_t score_floats = queries * kScoredRows;
  std::int64_t scratch = 0;
  for (const std::int64_t scored : {std::min(rows, kScoredRows), rows % kScoredRows}) {
    const simd::MatmulPlan plan = search.kernels.plan_matmul(search.product(0, scored, nullptr));
    scratch = std::max(scratch, plan.packed + plan.scratch);
  }
  pool.reserve_scratch(score_floats + scratch);
  const double flops = 2.0 * static_cast<double>(queries * rows) * static_cast<double>(search.vectors.columns);
  pool.run(tasks, flops, [&](std::int64_t task, int worker) {
    float* scores = pool.scratch(worker);
    search.run(task * kTaskRows, std::min((task + 1) * kTaskRows, rows), scores, scores + score_floats,
               best[static_cast<std::size_t>(task)]);
  });
  for (std::size_t q = 0; q < static_cast<std::size_t>(queries); ++q) {
    BestRows merged(count);
    for (const std::vector<BestRows>& part : best) {
      for (const Neighbour& neighbour : part[q].all()) merged.offer(neighbour);
    }
    results.push_back(std::move(merged).sorted());
  }
}

}  // namespace

std::vector<std::vector<Neighbour>> nearest_rows(VectorRows vectors, VectorRows queries, std::int64_t count,
                                                 std::span<const std::int64_t> left_out, const simd::Kernels& kernels,
                                                 ThreadPool& pool) {
  if (vectors.columns != queries.columns) {
    fail("queries have ", queries.columns, " numbers, the vectors to search ", vectors.columns);
  }
  std::vector<std::vector<Neighbour>> results;
  for (std::int64_t first = 0; first < queries.rows; first += kQueries) {
    const VectorRows some{queries.data + first * queries.columns, std::min(kQueries, queries.rows - first),
                          queries.columns};
    search({vectors, some, left_out, kernels}, count, pool, results);
  }
  return results;
}

}  // namespace attn
