#pragma once
// training/log.csv: a row an evaluation.

#include <cstdint>
#include <string>
#include <vector>

#include "training/trainer.h"

namespace attn {

class TrainingLog {
 public:
  /// Keeps the rows up to `resume_step` of a log that exists, or, at step 0, begins a new one. Throws Error.
  TrainingLog(const std::string& path, std::int64_t resume_step);

  /// Appends a row and hands it to the operating system at once. Throws Error.
  void append(const Evaluation& row);

 private:
  std::string path_;
};

/// The rows of a log.csv, whose columns may stand in any order; empty cells and columns that are not there are NaN. Throws
/// Error naming `file:line` if it is none.
std::vector<Evaluation> read_training_log(const std::string& path);

}  // namespace attn
