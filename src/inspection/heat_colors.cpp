#include "inspection/heat_colors.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numbers>

namespace attn {

namespace {

struct Lab {
  float lightness, a, b;
};

float to_linear(std::uint8_t channel) {
  const float value = static_cast<float>(channel) / 255;
  return value <= 0.04045f ? value / 12.92f : std::pow((value + 0.055f) / 1.055f, 2.4f);
}

std::uint8_t to_channel(float linear) {
  const float clamped = std::clamp(linear, 0.0f, 1.0f);
  const float value = clamped <= 0.0031308f ? 12.92f * clamped : 1.055f * std::pow(clamped, 1 / 2.4f) - 0.055f;
  return static_cast<std::uint8_t>(std::lround(value * 255));
}

using LinearRgb = std::array<float, 3>;

// The matrices are those of Ottosson's reference code.
LinearRgb linear_of(Lab color) {
  const auto cube = [](float x) { return x * x * x; };
  const float l = cube(color.lightness + 0.3963377774f * color.a + 0.2158037573f * color.b);
  const float m = cube(color.lightness - 0.1055613458f * color.a - 0.0638541728f * color.b);
  const float s = cube(color.lightness - 0.0894841775f * color.a - 1.2914855480f * color.b);
  return {4.0767416621f * l - 3.3077115913f * m + 0.2309699292f * s,
          -1.2684380046f * l + 2.6097574011f * m - 0.3413193965f * s,
          -0.0041960863f * l - 0.7034186147f * m + 1.7076147010f * s};
}

/// The colour of that hue (in radians), with as much of the chroma as the screen can show.
Rgb rgb_of(float lightness, float chroma, float hue) {
  const auto shown = [](float channel) { return channel >= 0 && channel <= 1; };
  while (true) {
    const LinearRgb rgb = linear_of({lightness, chroma * std::cos(hue), chroma * std::sin(hue)});
    if (std::all_of(rgb.begin(), rgb.end(), shown) || chroma < 0.001f) {
      return {to_channel(rgb[0]), to_channel(rgb[1]), to_channel(rgb[2])};
    }
    chroma *= 0.98f;
  }
}

Lab lab_of(Rgb color) {
  const float r = to_linear(color.red), g = to_linear(color.green), b = to_linear(color.blue);
  const float l = std::cbrt(0.4122214708f * r + 0.5363325363f * g + 0.0514459929f * b);
  const float m = std::cbrt(0.2119034982f * r + 0.6806995451f * g + 0.1073969566f * b);
  const float s = std::cbrt(0.0883024619f * r + 0.2817188376f * g + 0.6299787005f * b);
  return {0.2104542553f * l + 0.7936177850f * m - 0.0040720468f * s,
          1.9779984951f * l - 2.4285922050f * m + 0.4505937099f * s,
          0.0259040371f * l + 0.7827717662f * m - 0.8086757660f * s};
}

/// Colour `index` of xterm's palette: a cube of 6 × 6 × 6 from 16, then 24 greys.
Rgb palette_color(int index) {
  if (index >= 232) {
    const auto grey = static_cast<std::uint8_t>(8 + 10 * (index - 232));
    return {grey, grey, grey};
  }
  const auto level = [](int step) { return static_cast<std::uint8_t>(step == 0 ? 0 : 55 + 40 * step); };
  const int place = index - 16;
  return {level(place / 36), level(place / 6 % 6), level(place % 6)};
}

}  // namespace

Rgb heat_color(float value, Background background) {
  const float t = std::clamp(value, 0.0f, 1.0f);
  const bool light = background == Background::light;
  const float lightness = light ? 0.985f - 0.685f * t : 0.24f + 0.70f * t;
  const float degrees = light ? 205 + 65 * t : 270 - 162 * t;
  const float chroma = light ? 0.01f + 0.13f * std::sqrt(t) * (1 - 0.25f * t) : 0.03f + 0.115f * std::sqrt(t);
  return rgb_of(lightness, chroma, degrees * std::numbers::pi_v<float> / 180);
}

std::string hex_of(Rgb color) {
  std::string text = "#";
  for (const std::uint8_t channel : {color.red, color.green, color.blue}) {
    text += {"0123456789abcdef"[channel >> 4], "0123456789abcdef"[channel & 15]};
  }
  return text;
}

float lightness_of(Rgb color) {
  return lab_of(color).lightness;
}

int nearest_in_palette(Rgb color) {
  const Lab wanted = lab_of(color);
  int nearest = 16;
  float least = std::numeric_limits<float>::infinity();
  for (int index = 16; index < 256; ++index) {
    const Lab found = lab_of(palette_color(index));
    const float distance = std::hypot(found.lightness - wanted.lightness, found.a - wanted.a, found.b - wanted.b);
    if (distance < least) {
      least = distance;
      nearest = index;
    }
  }
  return nearest;
}

float HeatScale::operator()(float weight) const {
  const float part = std::clamp(weight / maximum, 0.0f, 1.0f);
  return root ? std::sqrt(part) : part;
}

float HeatScale::weight_at(float value) const {
  return maximum * (root ? value * value : value);
}

}  // namespace attn
