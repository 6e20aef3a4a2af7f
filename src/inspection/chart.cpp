#include "inspection/chart.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <limits>

#include "base/error.h"
#include "inspection/markup.h"
#include "inspection/token_label.h"

namespace attn {

namespace {

// Colours that people with any kind of sight tell apart (M. Okabe, K. Ito, "Color Universal Design", 2008).
constexpr const char* kPalette[] = {"#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#8a6d3b"};
constexpr double kMargin = 14, kAxis = 58, kTitle = 26, kFoot = 36, kLegendRow = 16;
constexpr double kLetter = 6.2;              // width of a letter of the legend
constexpr std::size_t kMostStretches = 500;  // of a line

const char* color_of(int index) {
  return kPalette[static_cast<std::size_t>(index) % std::size(kPalette)];
}

/// Maps values to pixels.
struct Axis {
  double low = 0, high = 1, from = 0, to = 1;
  bool logarithmic = false;

  double operator()(double value) const {
    const double share = logarithmic ? std::log(value / low) / std::log(high / low) : (value - low) / (high - low);
    return from + share * (to - from);
  }
};

bool is_drawn(const ChartPanel& panel, const ChartPoint& point) {
  return std::isfinite(point.x) && std::isfinite(point.y) && (!panel.logarithmic || point.y > 0);
}

void widen(double value, double& low, double& high) {
  low = std::min(low, value);
  high = std::max(high, value);
}

/// A range that holds something even for no value or one.
void settle_range(double& low, double& high, bool logarithmic, double room) {
  if (low > high) {
    low = logarithmic ? 0.1 : 0;
    high = 1;
  }
  if (logarithmic) {
    const double factor = std::max(std::pow(high / low, room), 1.02);
    low /= factor;
    high *= factor;
    return;
  }
  const double margin = high > low ? (high - low) * room : std::max(std::abs(high) * 0.1, room > 0 ? 1e-9 : 0.5);
  low -= margin;
  high += margin;
}

/// One panel at its place.
class PanelDrawing {
 public:
  PanelDrawing(SvgWriter& svg, const ChartPanel& panel, double x, double y, double width, double height)
      : svg_(svg), panel_(panel), left_(x), top_(y) {
    double x_low = std::numeric_limits<double>::infinity(), x_high = -x_low, y_low = x_low, y_high = -x_low;
    for (const ChartSeries& series : panel.series) {
      for (const ChartPoint& point : series.points) {
        if (!is_drawn(panel, point)) continue;
        widen(point.x, x_low, x_high);
        widen(point.y, y_low, y_high);
      }
    }
    settle_range(x_low, x_high, false, 0);
    settle_range(y_low, y_high, panel.logarithmic, 0.06);
    x_ = {x_low, x_high, x + kAxis, x + width - kMargin};
    y_ = {y_low, y_high, y + kTitle + height, y + kTitle, panel.logarithmic};
  }

  void draw() {
    svg_.text(left_ + kMargin, top_ + 10, panel_.title, {.size = 13, .style = " font-weight=\"bold\""});
    for (const double tick : chart_ticks(y_.low, y_.high, 5, y_.logarithmic)) {
      svg_.line(x_.from, y_(tick), x_.to, y_(tick), "stroke=\"#888\" stroke-opacity=\".25\"");
      svg_.text(x_.from - 6, y_(tick), chart_number(tick), {.anchor = "end", .size = 11, .fill = "#777"});
    }
    svg_.line(x_.from, y_.from, x_.to, y_.from, "stroke=\"#888\"");
    for (const double tick : chart_ticks(x_.low, x_.high, 6)) {
      svg_.line(x_(tick), y_.from, x_(tick), y_.from + 4, "stroke=\"#888\"");
      svg_.text(x_(tick), y_.from + 13, chart_number(tick), {.anchor = "middle", .size = 11, .fill = "#777"});
    }
    svg_.text((x_.from + x_.to) / 2, y_.from + 28, panel_.x_name, {.anchor = "middle", .size = 11, .fill = "#777"});
    for (const ChartSeries& series : panel_.series) draw_series(series);
    draw_legend();
  }

 private:
  void draw_series(const ChartSeries& series) {
    std::vector<ChartPoint> points;
    for (const ChartPoint& point : series.points) {
      if (is_drawn(panel_, point)) points.push_back(point);
    }
    points = thinned(points, kMostStretches);
    const std::string color = color_of(series.color);
    if (points.size() < 40) {
      for (const ChartPoint& point : points) {
        svg_.raw(concat("<circle cx=\"", coordinate(x_(point.x)), "\" cy=\"", coordinate(y_(point.y)),
                        "\" r=\"2.2\" fill=\"", color, "\"/>\n"));
      }
    }
    std::string path;
    for (const ChartPoint& point : points) {
      path += concat(path.empty() ? "M" : "L", coordinate(x_(point.x)), " ", coordinate(y_(point.y)));
    }
    svg_.raw(concat("<path fill=\"none\" stroke=\"", color, "\" stroke-width=\"1.6\" stroke-linejoin=\"round\"",
                    series.dashed ? " stroke-dasharray=\"5 3\"" : "", " d=\"", path, "\"/>\n"));
  }

  // In the upper right corner, where falling curves leave room.
  void draw_legend() {
    double widest = 0, y = y_.to + 8;
    for (const ChartSeries& series : panel_.series) widest = std::max(widest, columns_of(series.name) * kLetter);
    if (widest == 0) return;
    const double x = x_.to - widest - 34;
    for (const ChartSeries& series : panel_.series) {
      if (series.name.empty()) continue;
      svg_.line(x, y, x + 24, y,
                concat("stroke=\"", color_of(series.color), "\" stroke-width=\"2\"",
                       series.dashed ? " stroke-dasharray=\"5 3\"" : ""));
      svg_.text(x + 30, y, series.name, {.size = 11, .fill = "#555"});
      y += kLegendRow;
    }
  }

  SvgWriter& svg_;
  const ChartPanel& panel_;
  double left_, top_;
  Axis x_, y_;
};

}  // namespace

std::vector<double> chart_ticks(double low, double high, int count, bool logarithmic) {
  std::vector<double> ticks;
  if (!(low < high) || !std::isfinite(high - low)) return ticks;
  if (logarithmic && high / low > 8) {
    const bool between = high / low < 200;
    for (double decade = std::pow(10, std::floor(std::log10(low))); decade <= high; decade *= 10) {
      for (const double factor : {1.0, 2.0, 5.0}) {
        const double tick = decade * factor;
        if ((factor == 1 || between) && tick >= low && tick <= high) ticks.push_back(tick);
      }
    }
    return ticks;
  }
  const double rough = (high - low) / count;
  const double decade = std::pow(10, std::floor(std::log10(rough)));
  double step = decade * 10;
  for (const double factor : {5.0, 2.0, 1.0}) {
    if (decade * factor >= rough) step = decade * factor;
  }
  for (double index = std::ceil(low / step - 1e-9); index * step <= high + 1e-9 * step; ++index) {
    ticks.push_back(index * step);
  }
  return ticks;
}

std::vector<ChartPoint> thinned(std::span<const ChartPoint> points, std::size_t stretches) {
  if (points.size() <= 2 * stretches) return {points.begin(), points.end()};
  std::vector<ChartPoint> kept;
  for (std::size_t i = 0; i < stretches; ++i) {
    const auto begin = points.begin() + static_cast<std::ptrdiff_t>(points.size() * i / stretches);
    const auto end = points.begin() + static_cast<std::ptrdiff_t>(points.size() * (i + 1) / stretches);
    auto [low, high] = std::minmax_element(begin, end, [](const auto& a, const auto& b) { return a.y < b.y; });
    if (high < low) std::swap(low, high);
    kept.push_back(*low);
    if (high != low) kept.push_back(*high);
  }
  return kept;
}

std::string chart_number(double value) {
  const double size = std::abs(value);
  const char* unit = size >= 999.5e6 ? " G" : size >= 999.5e3 ? " M" : size >= 9999.5 ? " k" : "";
  const double scaled = value / (*unit == 0 ? 1 : unit[1] == 'k' ? 1e3 : unit[1] == 'M' ? 1e6 : 1e9);
  char text[40];
  std::snprintf(text, sizeof text, "%.4g%s", size < 1e-12 ? 0.0 : scaled, unit);
  return text;
}

std::string line_chart_svg(std::string_view title, std::span<const ChartPanel> panels, const ChartSize& size) {
  const int columns = std::max(1, std::min(size.columns, static_cast<int>(panels.size())));
  const int rows = (static_cast<int>(panels.size()) + columns - 1) / columns;
  const double panel_height = kTitle + size.panel_height + kFoot;
  SvgWriter svg(columns * size.width + kMargin, rows * (panel_height + kMargin) + kMargin, title);
  for (std::size_t i = 0; i < panels.size(); ++i) {
    const int row = static_cast<int>(i) / columns, column = static_cast<int>(i) % columns;
    PanelDrawing(svg, panels[i], column * size.width, kMargin + row * (panel_height + kMargin), size.width,
                 size.panel_height)
        .draw();
  }
  return svg.finish();
}

std::string bar_chart_svg(std::string_view title, std::span<const ChartBar> bars, std::string_view value_name) {
  constexpr double kRow = 20, kBarHeight = 13, kPlot = 420, kNumber = 64;
  double low = 0, high = 0, names = 0;
  for (const ChartBar& bar : bars) {
    if (std::isfinite(bar.value)) widen(bar.value, low, high);
    names = std::max(names, columns_of(bar.name) * 7.0);
  }
  if (low == high) high = 1;
  const double left = kMargin + names + 8 + (low < 0 ? kNumber : 0), top = kMargin + kTitle;
  const Axis axis{low, high, left, left + kPlot};
  const double bottom = top + kRow * static_cast<double>(bars.size());
  SvgWriter svg(left + kPlot + kNumber + kMargin, bottom + kFoot + kMargin, title);
  svg.text(kMargin, kMargin + 8, title, {.size = 13, .style = " font-weight=\"bold\""});
  for (const double tick : chart_ticks(low, high, 5)) {
    svg.line(axis(tick), top, axis(tick), bottom, "stroke=\"#888\" stroke-opacity=\".25\"");
    svg.text(axis(tick), bottom + 10, chart_number(tick), {.anchor = "middle", .size = 11, .fill = "#777"});
  }
  double y = top;
  for (const ChartBar& bar : bars) {
    const double value = std::isfinite(bar.value) ? bar.value : 0, middle = y + kRow / 2;
    svg.text(kMargin + names, middle, bar.name, {.anchor = "end", .size = 12});
    const double begin = axis(std::min(value, 0.0)), end = axis(std::max(value, 0.0));
    svg.rectangle(begin, middle - kBarHeight / 2, end - begin, kBarHeight,
                  concat("fill=\"", color_of(value < 0 ? 1 : 0), "\""));
    svg.text(value < 0 ? begin - 4 : end + 4, middle, chart_number(bar.value),
             {.anchor = value < 0 ? "end" : "start", .size = 11, .fill = "#777"});
    y += kRow;
  }
  svg.line(axis(0), top, axis(0), bottom, "stroke=\"#888\"");
  svg.text((axis.from + axis.to) / 2, bottom + 26, value_name, {.anchor = "middle", .size = 11, .fill = "#777"});
  return svg.finish();
}

}  // namespace attn
