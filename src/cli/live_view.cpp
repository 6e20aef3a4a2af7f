#include "cli/live_view.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/error.h"
#include "base/utf8.h"
#include "cli/progress.h"
#include "inspection/token_label.h"

namespace attn {

namespace {

constexpr int kNameWidth = 7, kSampleLines = 5;
constexpr std::string_view kFaint = "\x1b[2m", kBlue = "\x1b[34m", kYellow = "\x1b[33m", kGreen = "\x1b[32m",
                           kPlain = "\x1b[0m";

std::string repeated(std::string_view text, int times) {
  std::string out;
  for (int i = 0; i < times; ++i) out += text;
  return out;
}

std::string painted(std::string_view color, const std::string& text, bool colored) {
  return colored && !text.empty() ? concat(color, text, kPlain) : text;
}

std::string progress_line(const LiveState& state, int width, bool color) {
  const double share = state.steps > 0 ? static_cast<double>(state.step.step) / static_cast<double>(state.steps) : 0;
  const std::string begin = concat("step ", state.step.step, "/", state.steps, " ");
  const std::string end = concat(" ", std::lround(100 * share), " %  ", format_clock(state.step.seconds_left), " left");
  const int bar = std::min(width - columns_of(begin) - columns_of(end), 100);
  if (bar < 4) return shortened(begin + end, width);
  const int full = static_cast<int>(std::lround(share * bar));
  return concat(begin, painted(kGreen, repeated("━", full), color), painted(kFaint, repeated("─", bar - full), color),
                end);
}

std::string curve_line(std::string_view name, double now, const LossHistory& history, std::string_view paint, int width,
                       const std::string& end, bool color) {
  std::string number = format_loss(now);
  const std::string begin =
      concat(name, std::string(static_cast<std::size_t>(kNameWidth) - name.size(), ' '), number, "  ");
  const int room = width - columns_of(begin) - columns_of(end);
  if (room < 4) return shortened(begin, width);
  return concat(begin, painted(paint, sparkline(history.means(), std::min(room, 100)), color), end);
}

}  // namespace

void LossHistory::add(double loss) {
  if (means_.empty() || in_last_ == stretch_) {
    if (means_.size() == kMost) {
      for (std::size_t i = 0; i < kMost / 2; ++i) means_[i] = (means_[2 * i] + means_[2 * i + 1]) / 2;
      means_.resize(kMost / 2);
      stretch_ *= 2;
    }
    means_.push_back(0);
    in_last_ = 0;
  }
  ++in_last_;
  means_.back() += (loss - means_.back()) / static_cast<double>(in_last_);
}

std::string sparkline(std::span<const double> values, int columns) {
  constexpr std::string_view kLevels[] = {"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
  const auto count = std::min(static_cast<std::size_t>(std::max(columns, 0)), values.size());
  std::vector<double> means(count);
  double low = std::numeric_limits<double>::infinity(), high = -low;
  for (std::size_t i = 0; i < count; ++i) {
    const std::size_t begin = values.size() * i / count, end = values.size() * (i + 1) / count;
    for (std::size_t j = begin; j < end; ++j) means[i] += values[j] / static_cast<double>(end - begin);
    if (!std::isfinite(means[i])) continue;
    low = std::min(low, means[i]);
    high = std::max(high, means[i]);
  }
  std::string out;
  for (const double mean : means) {
    const double share = high > low ? (mean - low) / (high - low) : 0;
    out += std::isfinite(mean) ? kLevels[static_cast<std::size_t>(std::lround(share * 7))] : " ";
  }
  return out;
}

std::vector<std::string> wrapped_text(std::string_view text, int width, int most) {
  std::vector<std::string> lines(1);
  int used = 0;
  for (std::size_t i = 0; i < text.size();) {
    const CodePoint character = decode_utf8(text, i);
    i += static_cast<std::size_t>(std::max(character.bytes, 1));
    const bool line_break = character.bytes > 0 && character.value == '\n';
    std::string shown = character.bytes == 0     ? "·"
                        : character.value == ' ' ? " "
                                                 : token_label(encode_utf8(character.value));
    const int columns = columns_of(shown);
    if (line_break || used + columns > width) {
      if (static_cast<int>(lines.size()) == most) {
        lines.back() = shortened(lines.back(), width - 1) + "…";
        return lines;
      }
      // A word is not cut unless it is longer than half a line.
      const std::size_t space = lines.back().rfind(' ');
      std::string carried;
      if (!line_break && shown != " " && space != std::string::npos && space > lines.back().size() / 2) {
        carried = lines.back().substr(space + 1);
        lines.back().resize(space);
      }
      lines.push_back(carried);
      used = columns_of(carried);
      if (line_break || shown == " ") continue;
    }
    lines.back() += shown;
    used += columns;
  }
  while (lines.size() > 1 && lines.back().empty()) lines.pop_back();
  return lines;
}

std::vector<std::string> live_lines(const LiveState& state, int width, int height, bool color) {
  std::vector<std::string> lines = {progress_line(state, width, color)};
  lines.push_back(curve_line("train", state.step.loss, state.train, kBlue, width, "", color));
  if (!state.valid.means().empty()) {
    const std::string best = concat("  best ", format_loss(state.best_loss));
    lines.push_back(curve_line("valid", state.valid_loss, state.valid, kYellow, width, best, color));
  }
  lines.push_back(shortened(
      concat("lr ", format_rate(state.step.learning_rate), "   gradient norm ", format_rate(state.step.gradient_norm),
             "   ", format_count(state.step.tokens_per_second), " tokens/s"),
      width));
  const int room = std::min(height - static_cast<int>(lines.size()) - 1, kSampleLines);
  if (!state.sample.empty() && room > 0 && width > 20) {
    for (const std::string& line : wrapped_text(state.sample, width - 2, room)) {
      lines.push_back(painted(kFaint, "│ ", color) + line);
    }
  }
  if (static_cast<int>(lines.size()) > height) lines.resize(static_cast<std::size_t>(std::max(height, 1)));
  return lines;
}

}  // namespace attn
