#include "cli/progress.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

namespace attn {

namespace {

constexpr std::chrono::milliseconds kRedrawInterval{200};

template <class... Values>
std::string formatted(const char* format, Values... values) {
  char buffer[256];
  const int length = std::snprintf(buffer, sizeof buffer, format, values...);
  return {buffer, static_cast<std::size_t>(std::clamp<int>(length, 0, sizeof buffer - 1))};
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

Progress::Progress(const Terminal& terminal, bool quiet, std::int64_t steps)
    : redraws_(terminal.error && !quiet), quiet_(quiet), steps_(steps) {}

void Progress::clear_line() {
  if (drawn_) write_to_stderr("\r\x1b[K");
  drawn_ = false;
}

void Progress::step(const StepReport& report) {
  seconds_left_ = report.seconds_left;
  if (!redraws_) return;
  const auto now = std::chrono::steady_clock::now();
  if (now - last_drawn_ < kRedrawInterval) return;
  last_drawn_ = now;
  clear_line();
  write_to_stderr(formatted("step %lld/%lld  loss %.4f  %s tokens/s  %s left", static_cast<long long>(report.step),
                            static_cast<long long>(steps_), report.loss, format_count(report.tokens_per_second).c_str(),
                            format_clock(report.seconds_left).c_str()));
  drawn_ = true;
}

void Progress::evaluation(const Evaluation& row, bool is_best) {
  if (quiet_) return;
  clear_line();
  write_to_stderr(formatted("step %lld/%lld  train %.4f  valid %.4f%s  lr %.2g  %s tokens/s  %s left\n",
                            static_cast<long long>(row.step), static_cast<long long>(steps_), row.train_loss,
                            row.valid_loss, is_best ? " *" : "  ", row.learning_rate,
                            format_count(row.tokens_per_second).c_str(), format_clock(seconds_left_).c_str()));
}

void Progress::message(const std::string& text) {
  if (quiet_) return;
  clear_line();
  write_to_stderr(text);
}

}  // namespace attn
