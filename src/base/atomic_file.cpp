#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>

#include "base/error.h"
#include "base/file.h"

namespace attn {
namespace {

constexpr std::size_t kBufferSize = 1 << 18;

[[noreturn]] void write_failure(const std::string& path) {
  const int code = errno;
  if (code == ENOENT) fail(path, ": its directory does not exist");
  fail(path, ": cannot write it: ", std::strerror(code));
}

void write_all(int descriptor, std::string_view bytes, const std::string& path) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(descriptor, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) write_failure(path);
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
}

/// Makes a rename durable. A file system that cannot do this is not the user's mistake: nothing is thrown.
void sync_directory_of(const std::string& path) {
  const auto parent = std::filesystem::path(path).parent_path();
  const FileDescriptor directory(::open(parent.empty() ? "." : parent.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (directory.get() >= 0) ::fsync(directory.get());
}

bool is_same_file(int descriptor, const std::string& path) {
  struct stat opened {};
  struct stat named {};
  return ::fstat(descriptor, &opened) == 0 && ::stat(path.c_str(), &named) == 0 && opened.st_ino == named.st_ino &&
         opened.st_dev == named.st_dev;
}

}  // namespace

AtomicFile::AtomicFile(const std::string& path) : path_(path) {
  struct stat status {};
  if (::stat(path.c_str(), &status) == 0) {
    if (S_ISDIR(status.st_mode)) fail(path, " is a directory, expected a file");
    if (!S_ISREG(status.st_mode)) {
      file_ = FileDescriptor(::open(path.c_str(), O_WRONLY | O_CLOEXEC));
      if (file_.get() < 0) write_failure(path);
      return;
    }
  }
  open_temporary();
}

/// The name is fixed, so that what a killed process left behind is reused; a lock keeps off a process that
/// still writes the same file, which then takes the next name.
void AtomicFile::open_temporary() {
  constexpr int kAttempts = 100;
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    const std::string name = path_ + ".tmp" + (attempt == 0 ? "" : std::to_string(attempt));
    FileDescriptor file(::open(name.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0666));
    if (file.get() < 0) write_failure(path_);
    if (::flock(file.get(), LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK) continue;
    if (!is_same_file(file.get(), name)) continue;
    if (::ftruncate(file.get(), 0) != 0) write_failure(path_);
    temporary_ = name;
    file_ = std::move(file);
    return;
  }
  fail(path_, ": too many processes write this file at the same time");
}

AtomicFile::~AtomicFile() {
  if (file_.get() >= 0 && !temporary_.empty()) ::unlink(temporary_.c_str());
}

void AtomicFile::write(std::string_view bytes) {
  if (buffer_.size() + bytes.size() > kBufferSize) flush();
  if (bytes.size() >= kBufferSize) {
    write_all(file_.get(), bytes, path_);
  } else {
    buffer_.append(bytes);
  }
}

void AtomicFile::flush() {
  write_all(file_.get(), buffer_, path_);
  buffer_.clear();
}

void AtomicFile::commit() {
  flush();
  if (!temporary_.empty()) {
    if (::fsync(file_.get()) != 0) write_failure(path_);
    if (std::rename(temporary_.c_str(), path_.c_str()) != 0) write_failure(path_);
    temporary_.clear();
    sync_directory_of(path_);
  }
  file_.close();
}

void write_file(const std::string& path, std::string_view contents) {
  AtomicFile file(path);
  file.write(contents);
  file.commit();
}

}  // namespace attn
