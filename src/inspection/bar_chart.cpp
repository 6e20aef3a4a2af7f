#include "inspection/bar_chart.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "inspection/markup.h"

namespace attn {

namespace {

/// Where zero lies and how much the chart spans; never empty.
struct Range {
  double low = 0, high = 0;

  explicit Range(const std::vector<Bar>& bars) {
    for (const Bar& bar : bars) {
      if (!std::isfinite(bar.value)) continue;
      low = std::min(low, bar.value);
      high = std::max(high, bar.value);
    }
    if (low == high) high = 1;
  }
  double share(double value) const { return std::isfinite(value) ? (value - low) / (high - low) : 1; }
};

std::string number(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%+.4f", value);
  return text;
}

}  // namespace

std::string bar_chart_svg(std::string_view title, const std::vector<Bar>& bars) {
  constexpr double kRow = 18, kTop = 40, kNames = 140, kBars = 420, kNumbers = 80, kMargin = 12;
  const Range range(bars);
  const double left = kNames + kMargin, height = kTop + kRow * static_cast<double>(bars.size()) + kMargin;
  SvgWriter svg(left + kBars + kNumbers + kMargin, height, title);
  svg.text(kMargin, kTop / 2, title, {.size = 14});
  const double zero = left + kBars * range.share(0);
  double y = kTop;
  for (const Bar& bar : bars) {
    const double end = left + kBars * range.share(bar.value);
    svg.text(kNames, y + kRow / 2, bar.name, {.anchor = "end"});
    svg.rectangle(std::min(zero, end), y + 2, std::abs(end - zero), kRow - 4,
                  bar.value < 0 ? R"(fill="#b2182b")" : R"(fill="#2166ac")");
    svg.text(std::max(zero, end) + 4, y + kRow / 2, number(bar.value), {.size = 11});
    y += kRow;
  }
  svg.line(zero, kTop, zero, y, R"(stroke="#444")");
  return svg.finish();
}

std::string bar_chart_text(const std::vector<Bar>& bars, int columns) {
  std::size_t widest = 0;
  for (const Bar& bar : bars) widest = std::max(widest, bar.name.size());
  const Range range(bars);
  const int room = std::max(10, columns - static_cast<int>(widest) - 12);
  const int zero = static_cast<int>(std::lround(room * range.share(0)));
  std::string text;
  for (const Bar& bar : bars) {
    const int end = static_cast<int>(std::lround(room * range.share(bar.value)));
    const int from = std::min(zero, end), to = std::max(zero, end);
    text += bar.name + std::string(widest - bar.name.size() + 1, ' ');
    std::string number_text = number(bar.value);
    text += std::string(number_text.size() < 9 ? 9 - number_text.size() : 0, ' ') + number_text + " ";
    text += std::string(static_cast<std::size_t>(from), ' ');
    for (int i = from; i < to; ++i) text += "█";
    text += '\n';
  }
  return text;
}

}  // namespace attn
