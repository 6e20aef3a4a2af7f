#include "base/temporary_folder.h"

#include <stdlib.h>

#include <filesystem>

#include "base/error.h"

namespace attn {

TemporaryFolder::TemporaryFolder() {
  path_ = (std::filesystem::temp_directory_path() / "attn-XXXXXX").string();
  if (!mkdtemp(path_.data())) fail(path_, ": cannot make a temporary folder");
}

TemporaryFolder::~TemporaryFolder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

}  // namespace attn
