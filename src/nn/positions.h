#pragma once
// Tables of positions that are computed, not learned.

#include <vector>

#include "autograd/rotary.h"

namespace attn {

/// Cosines and sines of rotary positions: the angle of position p and pair i is p·theta^(-2i/D) (Su et al.
/// 2021).
class RotaryAngles {
 public:
  RotaryAngles() = default;
  RotaryAngles(int context, int d_head, double theta);
  RotaryTable table() const { return {cosines_.data(), sines_.data(), context_}; }

 private:
  int context_ = 0;
  std::vector<float> cosines_, sines_;  // (context, D/2)
};

/// Sinusoidal positions (Vaswani et al. 2017, section 3.5) in two halves, all sines before all cosines, as
/// Marian has them: row p, column i < C/2 is sin(p / 10000^(2i/C)), column C/2 + i the cosine. (context, C)
std::vector<float> sinusoidal_positions(int context, int d_model);

}  // namespace attn
