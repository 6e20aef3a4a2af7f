#pragma once
// Charts as SVG: lines over an axis, several panels below each other, and bars. One component for training/loss.svg, the
// report, attn plot and whatever else compares numbers. Colours and strokes show on light and dark paper alike.

#include <span>
#include <string>
#include <vector>

namespace attn {

struct ChartPoint {
  double x = 0, y = 0;
};

/// One line. Points that are not finite are left out; a long series is drawn with the smallest and the largest value of
/// every stretch, so that a picture stays small and no spike is lost.
struct ChartSeries {
  std::string name;  // in the legend; empty: none
  std::vector<ChartPoint> points;
  int color = 0;        // an index into the palette, which repeats
  bool dashed = false;  // to tell two lines of one colour apart
};

/// One coordinate system.
struct ChartPanel {
  std::string title, x_name;
  std::vector<ChartSeries> series;
  bool logarithmic = false;  // the y axis; values of 0 and below are left out
};

struct ChartSize {
  double width = 760;         // of a panel with its axis, pixels
  double panel_height = 240;  // of its plot
  int columns = 1;            // panels beside each other
};

/// The panels in one picture of that title.
std::string line_chart_svg(std::string_view title, std::span<const ChartPanel> panels, const ChartSize& size = {});

struct ChartBar {
  std::string name;
  double value = 0;
};
/// Horizontal bars from 0 to either side, each with its name and its value; as many rows as bars.
std::string bar_chart_svg(std::string_view title, std::span<const ChartBar> bars, std::string_view value_name);

/// Round numbers that cut [low, high] into about `count` parts: 0, 0.5, 1, …; powers of ten with 2 and 5 between if
/// `logarithmic`.
std::vector<double> chart_ticks(double low, double high, int count, bool logarithmic = false);

/// At most 2·`stretches` points of a series that is sorted by x.
std::vector<ChartPoint> thinned(std::span<const ChartPoint> points, std::size_t stretches);

/// "1.5", "12 k", "0.0003", "2e-05": short names of numbers at an axis.
std::string chart_number(double value);

}  // namespace attn
