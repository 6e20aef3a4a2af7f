#pragma once
// What a training shows while it runs: on a terminal one line that redraws itself, piped one plain line an evaluation.

#include <chrono>
#include <cstdint>
#include <string>

#include "cli/console.h"
#include "training/trainer.h"

namespace attn {

class Progress {
 public:
  /// `steps`: updates of the whole training. Shows nothing if `quiet`.
  Progress(const Terminal& terminal, bool quiet, std::int64_t steps);

  void step(const StepReport& report);
  void evaluation(const Evaluation& row, bool is_best);
  /// A text of several lines, such as a sample.
  void message(const std::string& text);

 private:
  void clear_line();

  bool redraws_, quiet_;
  std::int64_t steps_;
  double seconds_left_ = 0;
  std::chrono::steady_clock::time_point last_drawn_{};
  bool drawn_ = false;
};

/// "1:05", "12:00", "1:02:03".
std::string format_clock(double seconds);
/// "65", "1.2 k", "3.4 M": three digits at most before the unit.
std::string format_count(double count);

}  // namespace attn
