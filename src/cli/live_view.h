#pragma once
// The picture of a training that a terminal shows while it runs: progress, loss curves, rates, a sample. Only makes the
// lines; cli/progress draws them.

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "training/trainer.h"

namespace attn {

/// Losses of any number of steps as at most kMost means of equally many steps each; allocates nothing after its making.
class LossHistory {
 public:
  static constexpr std::size_t kMost = 512;

  LossHistory() { means_.reserve(kMost); }
  void add(double loss);
  /// In their order, the mean of the unfinished stretch last.
  std::span<const double> means() const { return means_; }

 private:
  std::vector<double> means_;
  std::int64_t stretch_ = 1;  // steps of a mean
  std::int64_t in_last_ = 0;  // steps in the last of them
};

struct LiveState {
  StepReport step;
  std::int64_t steps = 0;  // of the whole training
  LossHistory train, valid;
  double valid_loss = 0;  // the newest and the best, once there is one
  double best_loss = 0;
  std::string sample;  // what the model wrote lately; may be empty
};

/// At most `height` lines of at most `width` columns each.
std::vector<std::string> live_lines(const LiveState& state, int width, int height, bool color);

/// The values as ▁ to █, each column the mean of its share; the lowest value is ▁. Values that are no numbers are gaps.
std::string sparkline(std::span<const double> values, int columns);

/// The text in lines of at most `width` columns, at most `most` of them; what a terminal would obey is shown as `·`.
std::vector<std::string> wrapped_text(std::string_view text, int width, int most);

}  // namespace attn
