#pragma once
// The residual connection and the normalisation after it, in one pass over the rows.

#include "autograd/context.h"
#include "autograd/types.h"

namespace attn {

struct ResidualNormResult {
  Tensor sum;     // (N, C): the residual stream, in delta's memory; x itself where there was no delta
  Tensor normed;  // (N, C)
};

/// sum = x + dropout(delta), normed = norm(sum)·gain + bias. Layer norm: Ba, Kiros, Hinton 2016; RMS norm:
/// Zhang, Sennrich 2019 (no bias). x (N, C); delta (N, C) or empty; gain (C); bias (C) or empty. The sum takes delta's
/// place, which spares memory and time: nobody may read delta afterwards, nor may its own operation for its gradient.
ResidualNormResult residual_norm(Context& context, NormKind kind, float eps, Tensor x, Tensor delta, float dropout_rate,
                                 Tensor gain, Tensor bias);

}  // namespace attn
