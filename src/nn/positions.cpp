#include "nn/positions.h"

#include <cmath>

namespace attn {

namespace {

// How far one position turns each pair of columns: base^(-2i/width), i < pairs. Both tables are made of these.
std::vector<double> frequencies(int pairs, int width, double base) {
  std::vector<double> result;
  for (int i = 0; i < pairs; ++i) result.push_back(std::pow(base, -2.0 * i / width));
  return result;
}

}  // namespace

RotaryAngles::RotaryAngles(int context, int d_head, double theta) : context_(context) {
  const std::vector<double> turns = frequencies(d_head / 2, d_head, theta);
  for (int position = 0; position < context; ++position) {
    for (const double turn : turns) {
      cosines_.push_back(static_cast<float>(std::cos(position * turn)));
      sines_.push_back(static_cast<float>(std::sin(position * turn)));
    }
  }
}

std::vector<float> sinusoidal_positions(int context, int d_model) {
  const int sines = (d_model + 1) / 2;
  const std::vector<double> turns = frequencies(sines, d_model, 10000.0);
  std::vector<float> table;
  table.reserve(static_cast<std::size_t>(context) * static_cast<std::size_t>(d_model));
  for (int position = 0; position < context; ++position) {
    for (int i = 0; i < sines; ++i)
      table.push_back(static_cast<float>(std::sin(position * turns[static_cast<std::size_t>(i)])));
    for (int i = 0; i < d_model - sines; ++i)
      table.push_back(static_cast<float>(std::cos(position * turns[static_cast<std::size_t>(i)])));
  }
  return table;
}

}  // namespace attn
