#pragma once
// Horizontal bars with names and numbers, to the right of a common zero or, where negative, to its left: as SVG, and as
// characters for the terminal.

#include <string>
#include <string_view>
#include <vector>

namespace attn {

struct Bar {
  std::string name;
  double value = 0;
};

std::string bar_chart_svg(std::string_view title, const std::vector<Bar>& bars);
/// `columns` wide at most.
std::string bar_chart_text(const std::vector<Bar>& bars, int columns);

}  // namespace attn
