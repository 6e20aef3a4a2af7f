#pragma once
// Colours of attention weights, the same on the terminal, in SVG and in HTML: lightness changes evenly with the weight.

#include <cstdint>
#include <string>

namespace attn {

struct Rgb {
  std::uint8_t red, green, blue;
  bool operator==(const Rgb&) const = default;
};

/// What the colours stand on: 0 is near white on light, near black on dark.
enum class Background { light, dark };

/// The colour of a value between 0 and 1: from white to dark blue on light, from night blue over green to yellow on
/// dark. OKLab's lightness is a linear function of the value, so equal differences look equal, also without colour
/// (B. Ottosson, "A perceptual color space for image processing", 2020).
Rgb heat_color(float value, Background background);

/// "#08306b".
std::string hex_of(Rgb color);

/// OKLab's lightness of a colour: 0 black, 1 white.
float lightness_of(Rgb color);

/// The nearest of the colours 16 to 255 of xterm's palette.
int nearest_in_palette(Rgb color);

/// How weights become values between 0 and 1. Where there are many keys most weights are small, and their square roots
/// are shown.
struct HeatScale {
  float maximum = 1;
  bool root = false;

  float operator()(float weight) const;
  /// The weight whose value this is.
  float weight_at(float value) const;
};

/// From so many keys on a scale shows square roots.
inline constexpr int kRootFromKeys = 33;

}  // namespace attn
