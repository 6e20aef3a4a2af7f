#include "autograd/unit_rows.h"

#include <algorithm>
#include <cmath>

#include "autograd/residual_norm.h"

namespace attn {

namespace {

// Of the mean square: only a row of zeros notices.
constexpr float kEps = 1e-24f;

}  // namespace

// scale·x / |x| is an RMS norm, x / sqrt(Σx²/C), with scale/sqrt(C) as every gain.
Tensor unit_rows(Context& context, Tensor x, float scale) {
  const std::int64_t columns = x.columns();
  const Tensor gain{context.arena.array<float>(static_cast<std::size_t>(columns)), nullptr, Shape::vector(columns)};
  std::fill_n(gain.data, columns, scale / std::sqrt(static_cast<float>(columns)));
  return residual_norm(context, NormKind::rms, kEps, x, {}, 0, gain, {}).normed;
}

}  // namespace attn
