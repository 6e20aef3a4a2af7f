#include "nn/positions.h"

#include <cmath>

namespace attn {

namespace {

double angle(int position, int pair, int width, double base) {
  return position * std::pow(base, -2.0 * pair / width);
}

}  // namespace

RotaryAngles::RotaryAngles(int context, int d_head, double theta) {
  for (int position = 0; position < context; ++position) {
    for (int pair = 0; pair < d_head / 2; ++pair) {
      const double radians = angle(position, pair, d_head, theta);
      cosines_.push_back(static_cast<float>(std::cos(radians)));
      sines_.push_back(static_cast<float>(std::sin(radians)));
    }
  }
}

std::vector<float> sinusoidal_positions(int context, int d_model) {
  const int sines = (d_model + 1) / 2;
  std::vector<float> table;
  table.reserve(static_cast<std::size_t>(context) * static_cast<std::size_t>(d_model));
  for (int position = 0; position < context; ++position) {
    for (int column = 0; column < d_model; ++column) {
      const double radians = angle(position, column % sines, d_model, 10000.0);
      table.push_back(static_cast<float>(column < sines ? std::sin(radians) : std::cos(radians)));
    }
  }
  return table;
}

}  // namespace attn
