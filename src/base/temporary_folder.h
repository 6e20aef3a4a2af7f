#pragma once
// A folder under the system's temporary one, deleted with its contents at the end.

#include <string>

namespace attn {

class TemporaryFolder {
 public:
  /// Throws Error if none can be made.
  TemporaryFolder();
  ~TemporaryFolder();
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;

  const std::string& path() const { return path_; }
  std::string path(const std::string& name) const { return path_ + "/" + name; }

 private:
  std::string path_;
};

}  // namespace attn
