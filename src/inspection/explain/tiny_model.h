#pragma once
// The smallest language model, for the topic of training: one masked head and an output projection.

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "inspection/explain/case.h"

namespace attn {

/// A matrix that learns, with its gradient after a pass.
struct Learnt {
  std::string name;  // "W_q"
  Matrix values, gradient;

  Learnt(std::string matrix_name, Matrix initial)
      : name(std::move(matrix_name)), values(std::move(initial)), gradient(values.rows, values.columns) {}
};

/// The model, run by the program's own operations: those of every training.
class TinyModel {
 public:
  TinyModel(const ExplainTools& tools, Matrix inputs, std::vector<std::int32_t> targets, std::vector<Learnt> matrices)
      : tools_(tools), inputs_(std::move(inputs)), targets_(std::move(targets)), matrices_(std::move(matrices)) {}

  std::vector<Learnt>& matrices() { return matrices_; }

  /// The mean loss; with gradients, those of the matrices.
  double loss(bool with_gradients);

 private:
  const ExplainTools& tools_;
  Matrix inputs_;  // (T, C)
  std::vector<std::int32_t> targets_;
  std::vector<Learnt> matrices_;  // W_q, W_k, W_v (C, C), W_out (V, C)
};

}  // namespace attn
