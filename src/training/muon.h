#pragma once
// Muon (Jordan et al. 2024): the update of a matrix is its momentum, made orthogonal, so that all directions of the
// matrix move equally far, not only those with large gradients.

#include <cstdint>
#include <span>

#include "autograd/context.h"
#include "models/layer_matrices.h"

namespace attn {

struct MuonUpdate {
  float* parameters = nullptr;  // flat arrays of all parameters
  const float* gradients = nullptr;
  float* momentum = nullptr;
  float learning_rate = 0;
  float weight_decay = 0;
};

/// One update of these matrices. Nesterov momentum of 0.95, five Newton-Schulz iterations, and an update scaled by
/// 0.2·√max(rows, columns), which makes it as large as AdamW's, so that both share learning rate and weight decay (Liu et
/// al. 2025). The size of the gradients has no influence.
void muon_step(Context& context, const MuonUpdate& update, std::span<const LayerMatrix> matrices);

/// The nearest orthogonal matrix, roughly: all singular values of x (rows, columns) end between 0.7 and 1.2. In place;
/// `room` holds muon_room() floats. For one thread.
void orthogonalise(const simd::Kernels& kernels, float* x, std::int64_t rows, std::int64_t columns, float* room);
std::int64_t muon_room(const simd::Kernels& kernels, std::int64_t rows, std::int64_t columns);

}  // namespace attn
