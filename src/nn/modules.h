#pragma once
// The small modules: a projection and a normalisation. A module is a plain struct of tensors; `visit` names
// its parameters, once for initialising, saving, loading and counting. Shapes are set when the model is
// built; Parameters points the tensors at memory.

#include <string>

#include "autograd/context.h"
#include "autograd/linear.h"
#include "autograd/residual_norm.h"
#include "tensor/parameters.h"

namespace attn {

struct Linear {
  Tensor weight;  // (out, in)
  Tensor bias;    // (out), or empty
  ParameterRole role = ParameterRole::matrix;
  bool has_bias = true;

  Linear() = default;
  Linear(std::int64_t in, std::int64_t out, bool with_bias, ParameterRole weight_role = ParameterRole::matrix);

  void visit(const std::string& prefix, const ParameterVisitor& visitor);
  /// x (N, in) → (N, out).
  Tensor operator()(Context& context, Tensor x, Activation activation = Activation::none) const {
    return linear(context, x, weight, bias, activation);
  }
};

struct Norm {
  Tensor gain;  // (C)
  Tensor bias;  // (C), or empty
  NormKind kind = NormKind::layer;
  float eps = 1e-5f;
  bool has_bias = true;

  Norm() = default;
  Norm(std::int64_t columns, NormKind norm_kind, float epsilon, bool with_bias);

  void visit(const std::string& prefix, const ParameterVisitor& visitor);
  /// x, delta (N, C): see residual_norm.
  ResidualNormResult operator()(Context& context, Tensor x, Tensor delta, float dropout_rate) const {
    return residual_norm(context, kind, eps, x, delta, dropout_rate, gain, bias);
  }
};

}  // namespace attn
