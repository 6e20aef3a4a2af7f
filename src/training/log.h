#pragma once
// training/log.csv: a row an evaluation.

#include <cstdint>
#include <string>

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

}  // namespace attn
