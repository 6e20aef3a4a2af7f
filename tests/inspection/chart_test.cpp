#include "inspection/chart.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <limits>

namespace attn {
namespace {

std::size_t count(const std::string& text, const std::string& part) {
  std::size_t found = 0;
  for (std::size_t at = text.find(part); at != text.npos; at = text.find(part, at + 1)) ++found;
  return found;
}

}  // namespace

TEST_CASE("chart: ticks are round numbers within the range") {
  CHECK(chart_ticks(0, 10, 5) == std::vector<double>{0, 2, 4, 6, 8, 10});
  CHECK(chart_ticks(-1, 1, 4) == std::vector<double>{-1, -0.5, 0, 0.5, 1});
  CHECK(chart_ticks(0.5, 30, 5, true) == std::vector<double>{0.5, 1, 2, 5, 10, 20});
  CHECK(chart_ticks(3, 3, 5).empty());
  CHECK(chart_ticks(0, std::numeric_limits<double>::infinity(), 5).empty());
}

TEST_CASE("chart: numbers at an axis are short") {
  CHECK(chart_number(0.1 + 0.2) == "0.3");
  CHECK(chart_number(1500) == "1500");
  CHECK(chart_number(12000) == "12 k");
  CHECK(chart_number(3.5e6) == "3.5 M");
  CHECK(chart_number(-2e-5) == "-2e-05");
  CHECK(chart_number(1e-17) == "0");
}

TEST_CASE("chart: a long series keeps its ends and its spikes") {
  std::vector<ChartPoint> points;
  for (int i = 0; i < 100'000; ++i) points.push_back({static_cast<double>(i), std::sin(i * 1e-3)});
  points[54'321].y = 99;
  const std::vector<ChartPoint> kept = thinned(points, 500);
  CHECK(kept.size() <= 1000);
  CHECK(std::any_of(kept.begin(), kept.end(), [](const ChartPoint& point) { return point.y == 99; }));
  CHECK(std::is_sorted(kept.begin(), kept.end(), [](const auto& a, const auto& b) { return a.x < b.x; }));
  const std::vector<ChartPanel> panels = {{"loss", "step", {{"train", points}}}};
  CHECK(line_chart_svg("a run", panels).size() < 40'000);
}

TEST_CASE("chart: lines stand where their values are, names stay text, what is no number is left out") {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const std::vector<ChartPanel> panels = {
      {"loss", "step", {{"<b>", {{0, 4}, {1, nan}, {2, 2}}}, {"valid", {}, 1, true}}}};
  const std::string svg = line_chart_svg("t", panels);
  CHECK(svg.find("&lt;b&gt;") != svg.npos);
  CHECK(svg.find("<b>") == svg.npos);
  CHECK(svg.find("nan") == svg.npos);
  CHECK(count(svg, "<circle") == 2);
  // x from the axis at 58 to the edge at 746; y: 6 % of the range are free above and below the values.
  const double top = 14 + 26, height = 240, room = 0.06 / 1.12;
  CHECK(top + height * room == doctest::Approx(52.86).epsilon(1e-4));
  CHECK(svg.find("d=\"M58 52.86L746 267.14\"") != svg.npos);
}

TEST_CASE("chart: no point, one point, logarithms of what has none") {
  for (const bool logarithmic : {false, true}) {
    std::vector<ChartPanel> panels = {{"p", "x", {{"a", {}}}, logarithmic}};
    CHECK(line_chart_svg("t", panels).find("nan") == std::string::npos);
    panels[0].series[0].points = {{3, 0}, {5, 7}};
    CHECK(count(line_chart_svg("t", panels), "<circle") == (logarithmic ? 1 : 2));
    CHECK(line_chart_svg("t", panels).find("inf") == std::string::npos);
  }
}

TEST_CASE("chart: bars begin at 0 and go to both sides") {
  const std::vector<ChartBar> bars = {{"decoder 0.0", 2}, {"decoder 0.1", -2}, {"<all>", 4}};
  const std::string svg = bar_chart_svg("effect", bars, "loss");
  CHECK(svg.find("&lt;all&gt;") != svg.npos);
  // 420 pixels for 6 units: 140 on the right of 0 for 2, as many on its left for -2, 280 for 4.
  CHECK(count(svg, "width=\"140\"") == 2);
  CHECK(count(svg, "width=\"280\"") == 1);
}

}  // namespace attn
