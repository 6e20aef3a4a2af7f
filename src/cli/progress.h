#pragma once
// What a training shows while it runs: one plain line an evaluation, and on a terminal below them a picture that redraws
// itself.

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "cli/console.h"
#include "cli/live_view.h"
#include "training/trainer.h"

namespace attn {

class Progress {
 public:
  /// `steps`: updates of the whole training. Shows nothing if `quiet`.
  Progress(const Terminal& terminal, bool quiet, std::int64_t steps);

  ~Progress() { close(); }
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  void step(const StepReport& report);
  void evaluation(const Evaluation& row, bool is_best);
  /// What the model wrote: a part of the picture, piped a text of its own.
  void sample(const std::string& text);
  /// Takes the picture away.
  void close() { write_to_stderr(erase()); }

 private:
  std::string erase();
  void draw();

  bool redraws_, quiet_, color_;
  LiveState state_;
  std::chrono::steady_clock::time_point last_drawn_{};
  std::vector<int> drawn_columns_;  // of each line that stands there
};

/// "2.3412".
std::string format_loss(double loss);
/// "0.003": two digits.
std::string format_rate(double rate);
/// "1:05", "12:00", "1:02:03".
std::string format_clock(double seconds);
/// "65", "1.2 k", "3.4 M": three digits at most before the unit.
std::string format_count(double count);

}  // namespace attn
