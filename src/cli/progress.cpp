#include "cli/progress.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "base/error.h"
#include "inspection/token_label.h"

namespace attn {

namespace {

constexpr std::chrono::milliseconds kRedrawInterval{200};

template <class... Values>
std::string formatted(const char* format, Values... values) {
  char buffer[256];
  const int length = std::snprintf(buffer, sizeof buffer, format, values...);
  return {buffer, static_cast<std::size_t>(std::clamp<int>(length, 0, sizeof buffer - 1))};
}

std::string without_colors(const std::string& line) {
  std::string text;
  for (std::size_t i = 0; i < line.size(); ++i) {
    if (line[i] == '\x1b') {
      i = std::min(line.find('m', i), line.size());
    } else {
      text += line[i];
    }
  }
  return text;
}

}  // namespace

std::string format_clock(double seconds) {
  const auto total = static_cast<long>(std::lround(std::max(0.0, seconds)));
  if (total >= 3600) return formatted("%ld:%02ld:%02ld", total / 3600, total / 60 % 60, total % 60);
  return formatted("%ld:%02ld", total / 60, total % 60);
}

std::string format_count(double count) {
  constexpr const char* kUnits[] = {"", " k", " M", " G", " T"};
  std::size_t unit = 0;
  while (count >= 999.5 && unit + 1 < std::size(kUnits)) {
    count /= 1000;
    ++unit;
  }
  return formatted(unit == 0 || count >= 99.5 ? "%.0f" : count >= 9.95 ? "%.1f" : "%.2f", count) + kUnits[unit];
}

std::string format_loss(double loss) {
  return formatted("%.4f", loss);
}

std::string format_rate(double rate) {
  return formatted("%.2g", rate);
}

Progress::Progress(const Terminal& terminal, bool quiet, std::int64_t steps)
    : redraws_(terminal.error && terminal.redraws && !quiet), quiet_(quiet), color_(terminal.color) {
  state_.steps = steps;
}

// The terminal may have become narrower since, and have broken the lines that were drawn into several.
std::string Progress::erase() {
  if (drawn_columns_.empty()) return "";
  const int width = terminal_size().width;
  int rows = 0;
  for (const int columns : drawn_columns_) rows += std::max(1, (columns + width - 1) / width);
  drawn_columns_.clear();
  return concat("\r", rows > 1 ? concat("\x1b[", rows - 1, "A") : "", "\x1b[J");
}

void Progress::draw() {
  const TerminalSize size = terminal_size();
  std::string text = erase();
  // The last column stays free: some terminals break the line once it is full.
  for (const std::string& line : live_lines(state_, std::max(size.width - 1, 1), size.height - 1, color_)) {
    if (!drawn_columns_.empty()) text += "\n";
    text += line;
    drawn_columns_.push_back(columns_of(without_colors(line)));
  }
  write_to_stderr(text);
  last_drawn_ = std::chrono::steady_clock::now();
}

void Progress::step(const StepReport& report) {
  state_.step = report;
  if (!redraws_) return;
  state_.train.add(report.loss);
  if (std::chrono::steady_clock::now() - last_drawn_ >= kRedrawInterval) draw();
}

void Progress::evaluation(const Evaluation& row, bool is_best) {
  if (quiet_) return;
  std::string line =
      formatted("step %lld/%lld  train %.4f  valid %.4f%s  lr %.2g  %s tokens/s", static_cast<long long>(row.step),
                static_cast<long long>(state_.steps), row.train_loss, row.valid_loss, is_best ? " *" : "  ",
                row.learning_rate, format_count(row.tokens_per_second).c_str());
  // The picture says it too, and the line fits 80 columns without it.
  if (!redraws_) line += concat("  ", format_clock(state_.step.seconds_left), " left");
  line += '\n';
  if (state_.valid.means().empty() || row.valid_loss < state_.best_loss) state_.best_loss = row.valid_loss;
  state_.valid_loss = row.valid_loss;
  state_.valid.add(row.valid_loss);
  write_to_stderr(erase() + line);
  if (redraws_) draw();
}

void Progress::sample(const std::string& text) {
  if (quiet_) return;
  if (!redraws_) {
    write_to_stderr(concat("sample: ", text, "\n"));
    return;
  }
  state_.sample = text;
  draw();
}

}  // namespace attn
