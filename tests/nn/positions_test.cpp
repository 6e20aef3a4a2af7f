#include "nn/positions.h"

#include <doctest/doctest.h>

#include <cmath>
#include <cstdint>

namespace attn {
namespace {

TEST_CASE("positions: sinusoids in two halves, as in closed form") {
  const std::vector<float> table = sinusoidal_positions(3, 4);
  REQUIRE(table.size() == 12);
  // Pair 0 turns by 1 a position, pair 1 by 1/100.
  const double expected[] = {0,           0,
                             1,           1,  // position 0
                             std::sin(1), std::sin(0.01),
                             std::cos(1), std::cos(0.01),  // 1
                             std::sin(2), std::sin(0.02),
                             std::cos(2), std::cos(0.02)};
  for (std::size_t i = 0; i < 12; ++i) CHECK(table[i] == doctest::Approx(expected[i]).epsilon(1e-7));
}

TEST_CASE("positions: an odd width has one sine more") {
  const std::vector<float> table = sinusoidal_positions(2, 5);
  CHECK(table[5 + 2] == doctest::Approx(std::sin(std::pow(10000.0, -4.0 / 5))));
  CHECK(table[5 + 3] == doctest::Approx(std::cos(1.0)));
  CHECK(table[5 + 4] == doctest::Approx(std::cos(std::pow(10000.0, -2.0 / 5))));
}

TEST_CASE("positions: rotary angles are position·theta^(-2i/D)") {
  const RotaryAngles angles(300, 6, 1000);  // 1000^(-2i/6) = 1, 1/10, 1/100
  const RotaryTable table = angles.table();
  CHECK(table.context == 300);
  for (const int position : {0, 1, 299}) {
    for (int pair = 0; pair < 3; ++pair) {
      const double angle = position * std::pow(10.0, -pair);
      CHECK(table.cosines[position * 3 + pair] == doctest::Approx(std::cos(angle)).epsilon(1e-6));
      CHECK(table.sines[position * 3 + pair] == doctest::Approx(std::sin(angle)).epsilon(1e-6));
    }
  }
}

}  // namespace
}  // namespace attn
