#include "inspection/terminal_cells.h"

#include <algorithm>
#include <cmath>

#include "base/error.h"

namespace attn {

namespace {

constexpr std::string_view kReset = "\x1B[0m";

/// Text on a cell of that colour, black or white.
std::string_view ink_on(Rgb color) {
  return lightness_of(color) > 0.62f ? "\x1B[38;5;16m" : "\x1B[38;5;231m";
}

}  // namespace

std::string_view shade_of(float value) {
  constexpr std::string_view kShades[] = {" ", "░", "▒", "▓", "█"};
  return kShades[std::clamp(static_cast<int>(std::lround(value * 4)), 0, 4)];
}

std::string TerminalCells::color_code(float value, bool behind) const {
  const Rgb color = heat_color(value, Background::dark);
  const char* const place = behind ? "48" : "38";
  if (colors_ == TerminalColors::palette) return concat("\x1B[", place, ";5;", nearest_in_palette(color), "m");
  return concat("\x1B[", place, ";2;", int{color.red}, ";", int{color.green}, ";", int{color.blue}, "m");
}

void TerminalCells::cell(std::string_view text, float value) {
  if (colors_ == TerminalColors::none) {
    out_ += text;
    return;
  }
  out_ += color_code(value, true);
  out_ += ink_on(heat_color(value, Background::dark));
  out_ += text;
  out_ += kReset;
}

void TerminalCells::dots(std::optional<float> upper, std::optional<float> lower) {
  if (!upper && !lower) {
    out_ += ' ';
  } else if (colors_ == TerminalColors::none) {
    out_ += shade_of(std::max(upper.value_or(0), lower.value_or(0)));
  } else {
    if (upper) out_ += color_code(*upper, false);
    if (lower) out_ += color_code(*lower, !!upper);
    out_ += upper ? "▀" : "▄";
    out_ += kReset;
  }
}

void TerminalCells::faint(std::string_view text) {
  if (colors_ == TerminalColors::none) {
    out_ += text;
  } else {
    out_ += concat("\x1B[2m", text, kReset);
  }
}

void TerminalCells::end_line() {
  // Spaces at the end of a line are nothing to see, but are in the way of whoever copies it.
  while (!out_.empty() && out_.back() == ' ') out_.pop_back();
  out_ += '\n';
}

}  // namespace attn
