#include "inspection/attention_svg.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

#include "base/error.h"
#include "base/table.h"
#include "inspection/heat_colors.h"
#include "inspection/markup.h"
#include "inspection/token_label.h"

namespace attn {

namespace {

constexpr double kMargin = 14;
constexpr double kEm = 0.62;  // width of a letter in font sizes, generously
constexpr int kLongestLabel = 24;
constexpr int kMostCells = 400'000;  // of a grid; viewers become slow beyond

/// The scale that holds these heads' weights, up to 1, 0.5, 0.2, 0.1, …
HeatScale scale_for(std::span<const HeadView> heads) {
  float largest = 0;
  HeatScale scale;
  for (const HeadView& head : heads) {
    largest = std::max(largest, head.largest(0, head.queries(), 0, head.keys()).value_or(0));
    scale.root = scale.root || head.keys() >= kRootFromKeys;
  }
  // In thousandths, so that the steps are exact.
  int thousandths = 1000;
  for (int i = 0; i < 9; ++i) {
    const int next = i % 3 == 1 ? thousandths * 2 / 5 : thousandths / 2;
    if (largest * 1000 > static_cast<float>(next)) break;
    thousandths = next;
  }
  scale.maximum = static_cast<float>(thousandths) / 1000;
  return scale;
}

std::vector<std::string> labels_of(std::span<const std::string> tokens) {
  std::vector<std::string> labels;
  for (const std::string& token : tokens) labels.push_back(shortened(token_label(token), kLongestLabel));
  return labels;
}

double widest(const std::vector<std::string>& labels, double size) {
  int columns = 0;
  for (const std::string& label : labels) columns = std::max(columns, columns_of(label));
  return columns * size * kEm;
}

/// The cells of one head, (rows, columns), as paths, one a colour.
class CellPaths {
 public:
  CellPaths(const HeadView& head, const HeatScale& scale, int rows, int columns)
      : head_(head), scale_(scale), rows_(rows), columns_(columns) {}

  /// `gaps`: white lines between the cells.
  void draw(SvgWriter& svg, double x, double y, double cell, bool gaps) {
    for (int row = 0; row < rows_; ++row) add_row(row, !gaps);
    const std::string look = gaps ? " stroke=\"#fff\" stroke-width=\".04\"" : " shape-rendering=\"crispEdges\"";
    svg.raw(concat("<g transform=\"translate(", coordinate(x), " ", coordinate(y), ") scale(", coordinate(cell), ")\"",
                   look, ">\n"));
    for (std::size_t level = 0; level < paths_.size(); ++level) {
      if (paths_[level].empty()) continue;
      const Rgb color = heat_color(static_cast<float>(level) / 255, Background::light);
      svg.raw(concat("<path fill=\"", hex_of(color), "\" d=\"", paths_[level], "\"/>\n"));
    }
    svg.raw("</g>\n");
    svg.rectangle(x, y, columns_ * cell, rows_ * cell, "fill=\"none\" stroke=\"#bbb\" stroke-width=\".5\"");
  }

 private:
  static constexpr int kMasked = -1;

  int level_of(int row, int column) const {
    const std::optional<float> weight =
        head_.largest(share_begin(row, rows_, head_.queries()), share_begin(row + 1, rows_, head_.queries()),
                      share_begin(column, columns_, head_.keys()), share_begin(column + 1, columns_, head_.keys()));
    return weight ? static_cast<int>(std::lround(scale_(*weight) * 255)) : kMasked;
  }

  void add_row(int row, bool merge) {
    for (int column = 0; column < columns_;) {
      const int level = level_of(row, column);
      int length = 1;
      while (merge && column + length < columns_ && level_of(row, column + length) == level) ++length;
      if (level != kMasked) {
        paths_[static_cast<std::size_t>(level)] += concat("M", column, " ", row, "h", length, "v1h-", length, "z");
      }
      column += length;
    }
  }

  const HeadView& head_;
  const HeatScale& scale_;
  int rows_, columns_;
  std::array<std::string, 256> paths_;
};

constexpr double kBarWidth = 12;
constexpr double kBarRoom = 60;  // with its ticks

void draw_color_bar(SvgWriter& svg, double x, double y, double height, const HeatScale& scale) {
  svg.raw("<defs><linearGradient id=\"scale\" x1=\"0\" y1=\"1\" x2=\"0\" y2=\"0\">\n");
  constexpr int kStops = 32;
  for (int stop = 0; stop <= kStops; ++stop) {
    const float value = static_cast<float>(stop) / kStops;
    svg.raw(concat("<stop offset=\"", coordinate(100.0 * stop / kStops), "%\" stop-color=\"",
                   hex_of(heat_color(value, Background::light)), "\"/>\n"));
  }
  svg.raw("</linearGradient></defs>\n");
  svg.rectangle(x, y, kBarWidth, height, "fill=\"url(#scale)\" stroke=\"#bbb\" stroke-width=\".5\"");
  double last = y + 2 * height;
  for (const float part : {0.0f, 0.01f, 0.05f, 0.1f, 0.25f, 0.5f, 0.75f, 1.0f}) {
    const float weight = part * scale.maximum;
    const double place = y + height * (1 - static_cast<double>(scale(weight)));
    if (last - place < 13 || (part < 1 && place - y < 13)) continue;
    last = place;
    svg.line(x + kBarWidth, place, x + kBarWidth + 3, place, "stroke=\"#888\" stroke-width=\".75\"");
    std::string number;
    append_number(number, std::round(static_cast<double>(weight) * 1e5) / 1e5);
    svg.text(x + kBarWidth + 6, place, number, {.size = 10});
  }
}

/// Names of the rows to the left of x, of the columns above y.
struct SideLabels {
  const std::vector<std::string>& queries;
  const std::vector<std::string>& keys;
  double size;
  bool upright;  // the names of columns are turned

  void draw_rows(SvgWriter& svg, double x, double y, double cell) const {
    for (std::size_t i = 0; i < queries.size(); ++i) {
      svg.text(x - 5, y + (static_cast<double>(i) + 0.5) * cell, queries[i], {.anchor = "end", .size = size});
    }
  }
  void draw_columns(SvgWriter& svg, double x, double y, double cell) const {
    for (std::size_t i = 0; i < keys.size(); ++i) {
      const double middle = x + (static_cast<double>(i) + 0.5) * cell;
      if (upright) {
        svg.text(middle, y - 5, keys[i], {.size = size, .turned = 90});
      } else {
        svg.text(middle, y - 4 - size / 2, keys[i], {.anchor = "middle", .size = size});
      }
    }
  }
};

void draw_numbers(SvgWriter& svg, const HeadView& head, const HeatScale& scale, double x, double y, double cell) {
  for (int query = 0; query < head.queries(); ++query) {
    for (int key = 0; key < head.keys(); ++key) {
      if (!head.visible(query, key)) continue;
      const float weight = head.weight(query, key);
      const long hundredths = std::lround(100 * weight);
      std::string number = hundredths >= 100 ? "1.00" : concat(".", hundredths < 10 ? "0" : "", hundredths);
      const bool dark = lightness_of(heat_color(scale(weight), Background::light)) < 0.62f;
      svg.text(x + (key + 0.5) * cell, y + (query + 0.5) * cell, number,
               {.anchor = "middle", .size = cell * 0.34, .fill = dark ? "#fff" : "#333"});
    }
  }
}

std::string draw_one(const HeadView& head) {
  const HeatScale scale = scale_for({&head, 1});
  const double cell = std::clamp(420.0 / std::max(head.queries(), head.keys()), 7.0, 36.0);
  const double size = std::min(12.0, cell * 0.85);
  const std::vector<std::string> queries = labels_of(head.query_tokens), keys = labels_of(head.key_tokens);
  const bool upright = widest(keys, size) > cell - 2;
  const double left = kMargin + 16 + widest(queries, size) + 5;
  const double top = kMargin + 42 + (upright ? widest(keys, size) : size) + 5;
  const double width = head.keys() * cell, height = head.queries() * cell;
  const double bar = std::clamp(height, 60.0, 260.0);
  const double title_width = columns_of(head.title()) * 14 * kEm;
  SvgWriter svg(std::max(left + width + 20 + kBarRoom, kMargin + title_width) + kMargin,
                top + std::max(height, bar) + kMargin, head.title());
  svg.text(kMargin, kMargin + 7, head.title(), {.size = 14, .style = " font-weight=\"bold\""});
  svg.text(left + width / 2, kMargin + 30, "key", {.anchor = "middle", .size = 11, .fill = "#777"});
  svg.text(kMargin + 5, top + height / 2, "query", {.anchor = "middle", .size = 11, .fill = "#777", .turned = 90});
  const SideLabels labels{queries, keys, size, upright};
  labels.draw_rows(svg, left, top, cell);
  labels.draw_columns(svg, left, top, cell);
  CellPaths(head, scale, head.queries(), head.keys()).draw(svg, left, top, cell, cell >= 10);
  if (cell >= 26) draw_numbers(svg, head, scale, left, top, cell);
  draw_color_bar(svg, left + width + 20, top, bar, scale);
  return svg.finish();
}

/// All heads of one kind in a grid.
class KindGrid {
 public:
  KindGrid(std::span<const std::span<const HeadView>> layers, std::size_t all_heads)
      : layers_(layers),
        first_(layers[0][0]),
        queries_(labels_of(first_.query_tokens)),
        keys_(labels_of(first_.key_tokens)) {
    const int longest = std::max(first_.queries(), first_.keys());
    const int most = static_cast<int>(std::sqrt(kMostCells / static_cast<double>(all_heads)));
    shared_ = (longest + most - 1) / most;
    rows_ = (first_.queries() + shared_ - 1) / shared_;
    columns_ = (first_.keys() + shared_ - 1) / shared_;
    cell_ = std::clamp(170.0 / std::max(rows_, columns_), 1.5, 16.0);
    named_ = shared_ == 1 && cell_ >= 5;
    size_ = std::min(9.0, cell_ * 0.85);
    for (const auto& layer : layers) most_heads_ = std::max(most_heads_, layer.size());
    left_ = kMargin + 22 + (named_ ? widest(queries_, size_) + 5 : 0);
    top_ = 48 + (named_ ? widest(keys_, size_) + 5 : 0);
  }

  double width() const { return left_ + static_cast<double>(most_heads_) * (columns_ * cell_ + kGap); }
  double height() const { return top_ + static_cast<double>(layers_.size()) * (rows_ * cell_ + kGap); }
  int shared() const { return shared_; }

  void draw(SvgWriter& svg, double y, const HeatScale& scale) const {
    svg.text(kMargin, y + 14, concat(name_of(first_.record->kind), " attention"),
             {.size = 14, .style = " font-weight=\"bold\""});
    if (shared_ > 1) {
      svg.text(width() - kGap, y + 14, concat("a cell is the largest of ", shared_, " × ", shared_, " weights"),
               {.anchor = "end", .size = 10, .fill = "#777"});
    }
    const SideLabels labels{queries_, keys_, size_, true};
    for (std::size_t row = 0; row < layers_.size(); ++row) {
      const double panel_y = y + top_ + static_cast<double>(row) * (rows_ * cell_ + kGap);
      svg.text(kMargin + 6, panel_y + rows_ * cell_ / 2, concat("layer ", layers_[row][0].record->layer),
               {.anchor = "middle", .size = 11, .fill = "#555", .turned = 90});
      if (named_) labels.draw_rows(svg, left_, panel_y, cell_);
      for (std::size_t column = 0; column < layers_[row].size(); ++column) {
        const HeadView& head = layers_[row][column];
        const double panel_x = left_ + static_cast<double>(column) * (columns_ * cell_ + kGap);
        if (row == 0) {
          svg.text(panel_x + columns_ * cell_ / 2, y + 36, concat("head ", head.head),
                   {.anchor = "middle", .size = 11, .fill = "#555"});
          if (named_) labels.draw_columns(svg, panel_x, panel_y, cell_);
        }
        CellPaths(head, scale, rows_, columns_).draw(svg, panel_x, panel_y, cell_, cell_ >= 10);
      }
    }
  }

 private:
  static constexpr double kGap = 8;

  std::span<const std::span<const HeadView>> layers_;
  const HeadView& first_;
  std::vector<std::string> queries_, keys_;
  int shared_ = 1;              // so many tokens share a row or a column
  int rows_ = 0, columns_ = 0;  // of each panel
  double cell_ = 0, size_ = 0, left_ = 0, top_ = 0;
  bool named_ = false;  // tokens stand at the sides
  std::size_t most_heads_ = 0;
};

std::string draw_grid(std::span<const HeadView> heads) {
  const std::vector<std::span<const HeadView>> layers = group_by_layer(heads);
  std::vector<KindGrid> grids;
  double width = 0, height = kMargin;
  for (std::size_t begin = 0; begin < layers.size();) {
    std::size_t end = begin;
    while (end < layers.size() && layers[end][0].record->kind == layers[begin][0].record->kind) ++end;
    grids.emplace_back(std::span(layers).subspan(begin, end - begin), heads.size());
    width = std::max(width, grids.back().width());
    height += grids.back().height() + kMargin;
    begin = end;
  }
  SvgWriter svg(width + 12 + kBarRoom + kMargin, std::max(height, 140.0), "attention of all heads");
  const HeatScale scale = scale_for(heads);
  double y = kMargin;
  for (const KindGrid& grid : grids) {
    grid.draw(svg, y, scale);
    y += grid.height() + kMargin;
  }
  draw_color_bar(svg, width + 12, kMargin + 48, std::clamp(height - 90, 60.0, 260.0), scale);
  return svg.finish();
}

}  // namespace

std::string attention_svg(std::span<const HeadView> heads) {
  return heads.size() == 1 ? draw_one(heads[0]) : draw_grid(heads);
}

}  // namespace attn
