#pragma once
// What a training left in its folder, for commands that look back at it.

#include <string>
#include <utility>
#include <vector>

#include "cli/command.h"
#include "cli/train_options.h"
#include "models/folder.h"
#include "training/trainer.h"

namespace attn {

/// The options that training saved, names and values; an option that was given several times has its values joined by
/// ", ". None if the folder has no training/options.conf.
std::vector<std::pair<std::string, std::string>> saved_options(const ModelFolder& folder);

/// The same, read as what they are.
class SavedTrainOptions {
 public:
  /// Throws Error if the folder has no training/options.conf, naming its line if it is none.
  explicit SavedTrainOptions(const std::string& folder);
  SavedTrainOptions(const SavedTrainOptions&) = delete;
  SavedTrainOptions& operator=(const SavedTrainOptions&) = delete;

  TrainOptions options;
  OptionTable table;  // of these options

 private:
  ThreadOptions threads_;
};

/// The rows of DIR/training/log.csv, or of a log.csv itself. Throws Error if there are none.
std::vector<Evaluation> saved_log(const std::string& path);

}  // namespace attn
