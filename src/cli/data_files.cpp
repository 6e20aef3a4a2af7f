#include "cli/data_files.h"

#include <filesystem>

#include "base/error.h"
#include "base/sha256.h"

namespace attn {

void check_unchanged(const TrainOptions& options, const std::vector<std::string>& sha256) {
  std::vector<std::string> files = options.data;
  if (options.valid) files.push_back(*options.valid);
  for (std::size_t i = 0; i < files.size() && i < sha256.size(); ++i) {
    if (!std::filesystem::exists(files[i])) continue;
    if (sha256_of_file(files[i]) != sha256[i]) {
      fail(files[i], ": has changed since the training began; expected the text with SHA-256 ", sha256[i]);
    }
  }
}

}  // namespace attn
