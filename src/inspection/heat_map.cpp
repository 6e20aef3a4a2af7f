#include "inspection/heat_map.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "base/error.h"
#include "base/utf8.h"
#include "inspection/terminal_cells.h"
#include "inspection/token_label.h"

namespace attn {

namespace {

constexpr int kMostQueries = 48;   // rows of one picture; a screen or two
constexpr int kWidestLabel = 14;   // of the tokens at the side
constexpr int kTallestLabel = 10;  // of tokens whose letters stand below each other
constexpr int kOmitted = -1;       // stands for all tokens that are left out

/// Indices 0 … count - 1, or the first and the last of them with kOmitted between.
std::vector<int> shown_indices(int count, int most) {
  std::vector<int> indices(static_cast<std::size_t>(std::min(count, most)));
  std::iota(indices.begin(), indices.end(), 0);
  if (count <= most) return indices;
  const int first = most / 3;
  for (int i = first; i < most; ++i) indices[static_cast<std::size_t>(i)] = count - most + i;
  indices[static_cast<std::size_t>(first)] = kOmitted;
  return indices;
}

/// One head's picture: how wide its parts are, and which tokens it shows.
class HeadDrawing {
 public:
  HeadDrawing(const HeadView& head, const HeatMapOptions& options)
      : head_(head), width_(options.width), colored_(options.colors != TerminalColors::none), cells_(options.colors) {
    scale_.root = head.keys() >= kRootFromKeys;
    rows_ = shown_indices(head.queries(), kMostQueries);
    number_width_ = static_cast<int>(std::to_string(head.queries() - 1).size());
    for (const int row : rows_) {
      if (row != kOmitted) label_width_ = std::max(label_width_, columns_of(query_label(row)));
    }
    choose_columns();
  }

  std::string draw() {
    cells_.plain(shortened(head_.title() + heading_rest(), width_));
    cells_.end_line();
    cells_.end_line();
    across_ ? draw_labels_across() : draw_labels_upright();
    for (const int row : rows_) row == kOmitted ? draw_gap() : draw_row(row);
    return cells_.take();
  }

 private:
  std::string query_label(int query) const {
    return shortened(token_label(head_.query_tokens[static_cast<std::size_t>(query)]), kWidestLabel);
  }
  std::string key_label(int key) const { return token_label(head_.key_tokens[static_cast<std::size_t>(key)]); }
  std::string heading_rest() const {
    return has_numbers() ? "; rows look at columns, in percent" : "; rows look at columns";
  }

  int margin() const { return number_width_ + 1 + label_width_ + 1; }
  bool has_numbers() const { return cell_width_ >= (colored_ ? 3 : 4); }

  /// The widest cells with which all keys fit; with the narrowest, as many keys as fit.
  void choose_columns() {
    const int room = std::max(width_ - margin(), 8);
    int longest = 0;
    for (int key = 0; key < head_.keys(); ++key) longest = std::max(longest, columns_of(key_label(key)));
    const int across = std::clamp(longest + 1, 4, 12);
    std::vector<int> widths = {across, 4, 3, 2, 1};
    if (longest + 1 > across) widths.erase(widths.begin());
    while (widths.size() > 1 && widths[0] * head_.keys() > room) widths.erase(widths.begin());
    cell_width_ = widths[0];
    across_ = longest < cell_width_;
    columns_ = shown_indices(head_.keys(), room / cell_width_);
  }

  void draw_labels_across() {
    cells_.spaces(margin());
    for (const int key : columns_) {
      const std::string label = key == kOmitted ? "…" : key_label(key);
      cells_.spaces(cell_width_ - columns_of(label));
      cells_.plain(label);
    }
    cells_.end_line();
  }

  /// The letters of each key below each other, the last one just above its column.
  void draw_labels_upright() {
    std::vector<std::u32string> labels;
    std::size_t height = 0;
    for (const int key : columns_) {
      labels.push_back(key == kOmitted ? U"…" : to_code_points(shortened(key_label(key), kTallestLabel)));
      height = std::max(height, labels.back().size());
    }
    for (std::size_t line = 0; line < height; ++line) {
      cells_.spaces(margin());
      for (const std::u32string& label : labels) {
        const std::size_t above = height - label.size();
        const char32_t letter = line < above ? U' ' : label[line - above];
        const int wide = columns_of(letter);
        const bool fits = wide > 0 && wide <= cell_width_;
        cells_.spaces(cell_width_ - (fits ? wide : 1));
        cells_.plain(fits ? encode_utf8(letter) : wide == 0 ? " " : "?");
      }
      cells_.end_line();
    }
  }

  void draw_gap() {
    cells_.spaces(number_width_ - 1);
    cells_.faint("…");
    cells_.end_line();
  }

  void draw_row(int query) {
    const std::string number = std::to_string(query);
    const std::string label = query_label(query);
    cells_.spaces(number_width_ - static_cast<int>(number.size()));
    cells_.faint(number);
    cells_.spaces(1);
    cells_.plain(label);
    cells_.spaces(label_width_ - columns_of(label) + 1);
    for (const int key : columns_) {
      if (key == kOmitted || !head_.visible(query, key)) {
        cells_.spaces(cell_width_ - (key == kOmitted ? 1 : 0));
        if (key == kOmitted) cells_.faint("…");
      } else {
        draw_weight(head_.weight(query, key));
      }
    }
    cells_.end_line();
  }

  void draw_weight(float weight) {
    const long percent = std::lround(100 * weight);
    std::string text;
    if (has_numbers()) {
      text = percent > 0 ? std::to_string(percent) : colored_ ? "" : ".";
    } else if (!colored_) {
      text = shade_of(scale_(weight));
      if (text == " ") text = "·";
      if (cell_width_ == 2) text = text == "·" ? " ·" : text + text;
    }
    const int pad = cell_width_ - static_cast<int>(count_code_points(text));
    cells_.cell(std::string(static_cast<std::size_t>(std::max(pad, 0)), ' ') + text, scale_(weight));
  }

  const HeadView& head_;
  int width_;
  bool colored_;
  TerminalCells cells_;
  HeatScale scale_;
  std::vector<int> rows_, columns_;  // queries and keys that are shown
  int number_width_ = 1, label_width_ = 0, cell_width_ = 1;
  bool across_ = true;  // keys' labels stand in one line
};

}  // namespace

std::string draw_head(const HeadView& head, const HeatMapOptions& options) {
  return HeadDrawing(head, options).draw();
}

}  // namespace attn
