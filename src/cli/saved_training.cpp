#include "cli/saved_training.h"

#include <algorithm>
#include <filesystem>

#include "base/error.h"
#include "base/file.h"
#include "training/log.h"

namespace attn {

std::vector<std::pair<std::string, std::string>> saved_options(const ModelFolder& folder) {
  std::vector<std::pair<std::string, std::string>> options;
  if (!folder.has(kTrainingOptionsFile)) return options;
  const std::string text = folder.read(kTrainingOptionsFile);
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = std::min(text.find('\n', begin), text.size());
    const std::string line = text.substr(begin, end - begin);
    const std::size_t equals = line.find(" = ");
    begin = end + 1;
    if (line.starts_with('#') || equals == line.npos) continue;
    const std::string name = line.substr(0, equals), value = line.substr(equals + 3);
    if (!options.empty() && options.back().first == name) {
      options.back().second += ", " + value;
    } else {
      options.emplace_back(name, value);
    }
  }
  return options;
}

SavedTrainOptions::SavedTrainOptions(const std::string& folder) {
  const std::string path = join_path(folder, kTrainingOptionsFile);
  if (!std::filesystem::exists(path))
    fail(folder, ": holds no ", kTrainingOptionsFile, "; expected a model that attn trained");
  options.visit(table);
  threads_.visit(table);
  table.read_file_text(read_file(path), path);
}

std::vector<Evaluation> saved_log(const std::string& path) {
  std::string log = path;
  if (std::filesystem::is_directory(path)) {
    log = join_path(path, kTrainingLogFile);
    if (!std::filesystem::exists(log))
      fail(path, ": holds no ", kTrainingLogFile, "; expected a model that attn trained");
  }
  std::vector<Evaluation> rows = read_training_log(log);
  if (rows.empty()) fail(log, ": holds no evaluation yet");
  return rows;
}

}  // namespace attn
