#pragma once
// The ustar format (POSIX.1-1988), as far as a model in one file needs it: plain files, written without owner and
// time, so that equal contents give equal archives.

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/file.h"

namespace attn {

/// Writes an archive to a sink.
class TarWriter {
 public:
  explicit TarWriter(std::function<void(std::string_view)> sink) : sink_(std::move(sink)) {}

  /// Adds a file. Throws Error if the name is longer than 100 bytes or the contents are 8 GiB or more.
  void add(const std::string& name, std::string_view contents);
  /// Writes the end; the archive is complete then.
  void finish();

 private:
  std::function<void(std::string_view)> sink_;
};

/// The files of an archive, found without unpacking it.
class TarArchive {
 public:
  struct Member {
    std::string name;           // without "./" in front
    std::string_view contents;  // a part of the mapped archive
  };

  /// Maps the archive and reads its directory. Throws Error naming the file if it is no archive or is damaged.
  explicit TarArchive(const std::string& path);

  const std::vector<Member>& members() const { return members_; }
  /// Null if there is none of that name.
  const Member* find(std::string_view name) const;
  const std::shared_ptr<const MappedFile>& file() const { return file_; }

 private:
  std::shared_ptr<const MappedFile> file_;
  std::vector<Member> members_;
};

}  // namespace attn
