// Explanations for people: steps with their matrices side by side, as many as the width holds.

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "base/error.h"
#include "base/options.h"
#include "base/utf8.h"
#include "inspection/explain/explanation.h"

namespace attn {

namespace {

constexpr std::size_t kWidestName = 18;  // of a row or column; longer ones are cut
constexpr std::int64_t kMostRows = 16;   // of a matrix; the middle of longer ones is left out
constexpr std::size_t kGap = 3;          // columns between two matrices
constexpr std::size_t kIndent = 3;       // before everything that belongs to a step
constexpr std::string_view kCut = "…";

/// A piece of a line: its text, and how many columns that takes without escape sequences.
struct Cell {
  std::string text;
  std::size_t width = 0;
};

std::string spaces(std::size_t count) {
  return std::string(count, ' ');
}

std::string short_name(const std::string& name) {
  std::u32string characters = to_code_points(name);
  if (!characters.empty() && characters[0] == ' ') characters[0] = U'␣';
  for (char32_t& character : characters) {
    if (character < 0x20 || character == 0x7F) character = U'·';
  }
  if (characters.size() <= kWidestName) return from_code_points(characters);
  return from_code_points(characters.substr(0, kWidestName - 1)) + std::string(kCut);
}

std::string number_text(float value, Look look) {
  if (std::isinf(value)) return value < 0 ? "-∞" : "∞";
  char text[64];
  std::snprintf(text, sizeof text, look == Look::plain ? "%.6g" : "%.4f", static_cast<double>(value));
  return std::string_view(text) == "-0.0000" ? text + 1 : text;
}

/// Shades of blue from a terminal's 256 colors, by how much of the row's weight a number has.
std::string shaded(const std::string& text, float weight) {
  constexpr int kShades[] = {195, 153, 117, 75, 33, 27};
  if (!(weight >= 0.05f)) return text;
  const int shade = std::min(5, static_cast<int>(weight * 6));
  return concat("\x1b[48;5;", kShades[shade], ";38;5;", shade < 4 ? 16 : 231, "m", text, "\x1b[0m");
}

/// The first of `count` indices and, if they are more than `most`, a gap (-1) and the last of them.
std::vector<std::int64_t> chosen(std::int64_t count, std::int64_t most) {
  std::vector<std::int64_t> indices;
  const std::int64_t last = count > most ? std::max<std::int64_t>(most / 4, 1) : 0;
  const std::int64_t first = count > most ? std::max<std::int64_t>(most - last, 1) : count;
  for (std::int64_t i = 0; i < first; ++i) indices.push_back(i);
  if (count > most) indices.push_back(-1);
  for (std::int64_t i = std::max(first, count - last); i < count; ++i) indices.push_back(i);
  return indices;
}

/// A matrix as lines of the same width.
class Block {
 public:
  Block(const ShownMatrix& shown, std::size_t room, bool color) : shown_(shown), color_(color) {
    rows_ = chosen(shown.values.rows, kMostRows);
    std::int64_t most = shown.values.columns;
    do {
      columns_ = chosen(shown.values.columns, most);
      measure();
    } while (width_ > room && most-- > 2);
    build();
  }

  std::size_t width() const { return width_; }
  std::size_t height() const { return lines_.size(); }
  /// The line, padded to the width.
  std::string line(std::size_t i) const {
    return i < lines_.size() ? lines_[i].text + spaces(width_ - lines_[i].width) : spaces(width_);
  }

 private:
  static std::string name_at(const std::vector<std::string>& names, std::int64_t i) {
    return i < 0 ? std::string(kCut) : short_name(names[static_cast<std::size_t>(i)]);
  }
  std::string value_at(std::int64_t row, std::int64_t column) const {
    return row < 0 || column < 0 ? std::string(kCut) : number_text(shown_.values.at(row, column), shown_.look);
  }
  std::string heading() const {
    return concat(shown_.name, "  (", shown_.values.rows, ", ", shown_.values.columns, ")");
  }

  void measure() {
    names_ = 0;
    for (const std::int64_t row : rows_) names_ = std::max(names_, count_code_points(name_at(shown_.rows, row)));
    width_ = names_;
    widths_.clear();
    for (const std::int64_t column : columns_) {
      std::size_t widest = count_code_points(name_at(shown_.columns, column));
      for (const std::int64_t row : rows_) widest = std::max(widest, count_code_points(value_at(row, column)));
      widths_.push_back(widest);
      width_ += widest + 2;
    }
    width_ = std::max(width_, count_code_points(heading()));
  }

  void add(Cell& line, const std::string& text, std::size_t width, bool left, float weight) const {
    const std::size_t used = count_code_points(text);
    const std::string padded = left ? text + spaces(width - used) : spaces(width - used) + text;
    line.text += color_ && shown_.look == Look::weights ? shaded(padded, weight) : padded;
    line.width += width;
  }

  void build() {
    const std::string title = heading();
    lines_.push_back({color_ ? concat("\x1b[1m", title, "\x1b[0m") : title, count_code_points(title)});
    Cell header;
    add(header, "", names_, true, 0);
    for (std::size_t i = 0; i < columns_.size(); ++i) {
      add(header, "", 2, true, 0);
      add(header, name_at(shown_.columns, columns_[i]), widths_[i], false, 0);
    }
    lines_.push_back(std::move(header));
    for (const std::int64_t row : rows_) {
      Cell line;
      add(line, name_at(shown_.rows, row), names_, true, 0);
      for (std::size_t i = 0; i < columns_.size(); ++i) {
        const std::int64_t column = columns_[i];
        add(line, "", 1, true, 0);
        add(line, value_at(row, column), widths_[i] + 1, false,
            row < 0 || column < 0 ? 0 : shown_.values.at(row, column));
      }
      lines_.push_back(std::move(line));
    }
  }

  const ShownMatrix& shown_;
  bool color_;
  std::vector<std::int64_t> rows_, columns_;  // indices, -1 where some are left out
  std::size_t names_ = 0;                     // columns of the row names
  std::vector<std::size_t> widths_;           // of each column
  std::size_t width_ = 0;
  std::vector<Cell> lines_;
};

/// Matrices in rows of as many as fit.
void append_matrices(std::string& out, const std::vector<ShownMatrix>& matrices, std::size_t room, bool color) {
  std::vector<Block> blocks;
  for (const ShownMatrix& shown : matrices) blocks.emplace_back(shown, room, color);
  for (std::size_t begin = 0, end; begin < blocks.size(); begin = end) {
    std::size_t width = blocks[begin].width(), height = blocks[begin].height();
    for (end = begin + 1; end < blocks.size() && width + kGap + blocks[end].width() <= room; ++end) {
      width += kGap + blocks[end].width();
      height = std::max(height, blocks[end].height());
    }
    out += '\n';
    for (std::size_t i = 0; i < height; ++i) {
      std::string line = spaces(kIndent);
      for (std::size_t b = begin; b < end; ++b) line += (b > begin ? spaces(kGap) : "") + blocks[b].line(i);
      out += line.substr(0, line.find_last_not_of(' ') + 1) + "\n";
    }
  }
}

}  // namespace

std::string explanation_text(const Explanation& explanation, int width, bool color) {
  const auto styled = [&](const char* code, const std::string& text) {
    return color ? concat("\x1b[", code, "m", text, "\x1b[0m") : text;
  };
  const std::size_t room = static_cast<std::size_t>(std::max(width, 40)) - kIndent;
  const int text_width = std::min(std::max(width, 40), 100);
  std::string out = styled("1", explanation.title) + "\n\n" + wrapped(explanation.text, 0, text_width);
  for (std::size_t i = 0; i < explanation.steps.size(); ++i) {
    const ExplainStep& step = explanation.steps[i];
    out += concat("\n", styled("1;36", concat(i + 1, ". ", step.title)), "\n", spaces(kIndent));
    out += wrapped(step.text, kIndent, text_width);
    if (!step.formula.empty()) out += concat("\n", spaces(kIndent + 3), styled("33", step.formula), "\n");
    append_matrices(out, step.matrices, room, color);
  }
  return out;
}

}  // namespace attn
