#include "base/random.h"

#include <cmath>
#include <numbers>

namespace attn {

double RandomStream::normal(uint64_t counter) const {
  const double radius = std::sqrt(-2.0 * std::log(1.0 - uniform(2 * counter)));
  return radius * std::cos(2.0 * std::numbers::pi * uniform(2 * counter + 1));
}

}  // namespace attn
