#pragma once
// Lines of a terminal with coloured cells; heat_map.cpp's pencils.

#include <optional>
#include <string>
#include <string_view>

#include "inspection/heat_colors.h"
#include "inspection/heat_map.h"

namespace attn {

/// Appends text to lines, coloured as the terminal allows. Colours end with the cell, so that a line may be cut out.
class TerminalCells {
 public:
  explicit TerminalCells(TerminalColors colors) : colors_(colors) {}

  /// Text on the colour of a value between 0 and 1.
  void cell(std::string_view text, float value);
  /// A dot and the one below it, which share a character; nothing stands for no dot.
  void dots(std::optional<float> upper, std::optional<float> lower);
  /// Text that stands back: numbers of rows.
  void faint(std::string_view text);
  void plain(std::string_view text) { out_ += text; }
  void spaces(int count) { out_.append(static_cast<std::size_t>(count > 0 ? count : 0), ' '); }
  void end_line();

  std::string take() { return std::move(out_); }

 private:
  std::string color_code(float value, bool behind) const;

  TerminalColors colors_;
  std::string out_;
};

/// " ░▒▓█" for a value between 0 and 1.
std::string_view shade_of(float value);

}  // namespace attn
