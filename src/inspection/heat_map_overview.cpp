#include <algorithm>
#include <optional>
#include <vector>

#include "base/error.h"
#include "inspection/heat_map.h"
#include "inspection/terminal_cells.h"
#include "inspection/token_label.h"

namespace attn {

namespace {

constexpr int kSideWidth = 9;       // "layer 11 "
constexpr int kLeastDots = 6;       // across one head of an overview
constexpr int kMostDots = 22;       // beyond this a picture only becomes larger
constexpr int kMostDotsWide = 200;  // of a head that is alone
constexpr int kLegendDots = 8;      // from weight 0 to weight 1
constexpr int kLegendWidth = 24;    // with its numbers

/// One head as dots: several weights share one, or one weight has several.
class DotPicture {
 public:
  DotPicture(const HeadView& head, int most) : head_(head) {
    scale_.root = head.keys() >= kRootFromKeys;
    const int longest = std::max(head.keys(), head.queries());
    const auto dots = [&](int tokens) {
      return longest > most ? std::max(1, (tokens * most + longest - 1) / longest) : tokens * (most / longest);
    };
    columns_ = dots(head.keys());
    rows_ = dots(head.queries());
  }

  int columns() const { return columns_; }
  int lines() const { return (rows_ + 1) / 2; }
  void draw_line(TerminalCells& cells, int line) const {
    for (int column = 0; column < columns_; ++column) cells.dots(dot(2 * line, column), dot(2 * line + 1, column));
  }

 private:
  std::optional<float> dot(int row, int column) const {
    if (row >= rows_) return std::nullopt;
    const int query = share_begin(row, rows_, head_.queries()), key = share_begin(column, columns_, head_.keys());
    const std::optional<float> weight =
        head_.largest(query, std::max(query + 1, share_begin(row + 1, rows_, head_.queries())), key,
                      std::max(key + 1, share_begin(column + 1, columns_, head_.keys())));
    return weight ? std::optional(scale_(*weight)) : std::nullopt;
  }

  const HeadView& head_;
  HeatScale scale_;
  int columns_ = 0, rows_ = 0;
};

/// What is shown, and, where there is room for it, which colours weights from 0 to 1 have.
void draw_heading(TerminalCells& cells, const AttentionRecord& record, int width) {
  const std::string title = concat(name_of(record.kind), " attention of ", record.queries, " tokens to ", record.keys,
                                   "; rows look at columns");
  cells.plain(shortened(title, width));
  if (columns_of(title) + kLegendWidth <= width) {
    cells.plain("  0 ");
    for (int i = 0; i < kLegendDots; ++i) {
      const float value = static_cast<float>(i) / (kLegendDots - 1);
      cells.dots(value, value);
    }
    cells.plain(record.keys >= kRootFromKeys ? " 1, as √" : " 1");
  }
  cells.end_line();
}

/// Some heads of a layer beside each other.
void draw_band(TerminalCells& cells, std::span<const HeadView> heads, int dots, bool first_band) {
  const std::string layer = first_band ? concat("layer ", heads[0].record->layer) : "";
  std::vector<DotPicture> pictures;
  for (const HeadView& head : heads) pictures.emplace_back(head, dots);
  cells.plain(layer);
  cells.spaces(kSideWidth - static_cast<int>(layer.size()));
  for (std::size_t i = 0; i < heads.size(); ++i) {
    std::string name = concat("head ", heads[i].head);
    if (static_cast<int>(name.size()) > pictures[i].columns()) name = std::to_string(heads[i].head);
    cells.faint(name);
    cells.spaces(std::max(pictures[i].columns(), static_cast<int>(name.size())) - static_cast<int>(name.size()) + 1);
  }
  cells.end_line();
  for (int line = 0; line < pictures[0].lines(); ++line) {
    cells.spaces(kSideWidth);
    for (const DotPicture& picture : pictures) {
      picture.draw_line(cells, line);
      cells.spaces(1);
    }
    cells.end_line();
  }
}

}  // namespace

std::string draw_heads(std::span<const HeadView> heads, const HeatMapOptions& options) {
  TerminalCells cells(options.colors);
  const int room = std::max(options.width - kSideWidth, 20);
  const AttentionRecord* previous = nullptr;
  for (const std::span<const HeadView> layer : group_by_layer(heads)) {
    const AttentionRecord& record = *layer[0].record;
    if (previous == nullptr || previous->kind != record.kind) {
      if (previous != nullptr) cells.end_line();
      draw_heading(cells, record, options.width);
    }
    previous = &record;
    std::size_t per_band = layer.size();
    const auto dots = [&] { return room / static_cast<int>(per_band) - 1; };
    while (per_band > 1 && dots() < kLeastDots) per_band = (per_band + 1) / 2;
    const int most = std::min(dots(), layer.size() == 1 ? kMostDotsWide : kMostDots);
    for (std::size_t begin = 0; begin < layer.size(); begin += per_band) {
      draw_band(cells, layer.subspan(begin, std::min(per_band, layer.size() - begin)), most, begin == 0);
    }
  }
  return cells.take();
}

}  // namespace attn
