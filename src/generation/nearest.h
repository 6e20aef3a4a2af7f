#pragma once
// Exact search among vectors: which rows of a matrix have the largest dot product with a query. No index, no
// approximation: a million rows are one pass over memory.

#include <cstdint>
#include <span>
#include <vector>

#include "simd/kernels.h"
#include "threading/thread_pool.h"

namespace attn {

struct Neighbour {
  std::int64_t row;
  float score;  // the dot product

  bool operator==(const Neighbour&) const = default;
};

/// Vectors one after the other, not copied; they need not be aligned to more than a float.
struct VectorRows {
  const float* data = nullptr;  // (rows, columns)
  std::int64_t rows = 0, columns = 0;
};

/// For each query the rows with the largest scores, at most `count`, best first; of equal ones the lower row first.
/// Rows of `left_out` (sorted) are no neighbours. Throws Error if the columns differ.
std::vector<std::vector<Neighbour>> nearest_rows(VectorRows vectors, VectorRows queries, std::int64_t count,
                                                 std::span<const std::int64_t> left_out, const simd::Kernels& kernels,
                                                 ThreadPool& pool);

}  // namespace attn
