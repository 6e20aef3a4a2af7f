#include "base/file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <utility>

#include "base/error.h"

namespace attn {
namespace {

[[noreturn]] void system_failure(const std::string& path, std::string_view action) {
  const int code = errno;
  if (code == ENOENT) fail(path, ": no such file");
  if (code == EACCES || code == EPERM) fail(path, ": no permission to ", action, " it");
  if (code == EISDIR) fail(path, " is a directory, expected a file");
  fail(path, ": cannot ", action, " it: ", std::strerror(code));
}

struct stat status_of(const FileDescriptor& file, const std::string& path) {
  struct stat status {};
  if (::fstat(file.get(), &status) != 0) system_failure(path, "read");
  return status;
}

FileDescriptor open_to_read(const std::string& path) {
  FileDescriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (file.get() < 0) system_failure(path, "read");
  if (S_ISDIR(status_of(file, path).st_mode)) fail(path, " is a directory, expected a file");
  return file;
}

FileDescriptor open_regular(const std::string& path, std::uint64_t& size) {
  FileDescriptor file = open_to_read(path);
  const struct stat status = status_of(file, path);
  if (!S_ISREG(status.st_mode)) fail(path, " is a pipe or device, expected a file that can be read at any position");
  size = static_cast<std::uint64_t>(status.st_size);
  return file;
}

}  // namespace

FileDescriptor& FileDescriptor::operator=(FileDescriptor&& other) noexcept {
  if (this != &other) {
    close();
    descriptor_ = other.release();
  }
  return *this;
}

int FileDescriptor::release() {
  return std::exchange(descriptor_, -1);
}

void FileDescriptor::close() {
  if (descriptor_ >= 0) ::close(release());
}

std::string read_file(const std::string& path) {
  FileReader reader(path);
  std::string contents;
  std::error_code ignored;
  const auto size = std::filesystem::file_size(path, ignored);
  if (!ignored) contents.reserve(size + 1);
  constexpr std::size_t kPiece = 1 << 20;
  for (;;) {
    const std::size_t before = contents.size();
    const std::size_t piece = std::max(kPiece, contents.capacity() - before);
    contents.resize(before + piece);
    const std::size_t got = reader.read({contents.data() + before, piece});
    contents.resize(before + got);
    if (got < piece) return contents;
  }
}

void make_directories(const std::string& path) {
  std::error_code error;
  std::filesystem::create_directories(path, error);
  if (error) fail(path, ": cannot create this directory: ", error.message());
  if (!std::filesystem::is_directory(path, error)) fail(path, " is a file, expected a directory");
}

FileReader::FileReader(const std::string& path) : path_(path), file_(open_to_read(path)) {}

std::size_t FileReader::read(std::span<char> buffer) {
  std::size_t filled = 0;
  while (filled < buffer.size()) {
    const ssize_t got = ::read(file_.get(), buffer.data() + filled, buffer.size() - filled);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) system_failure(path_, "read");
    if (got == 0) break;
    filled += static_cast<std::size_t>(got);
  }
  return filled;
}

RandomAccessFile::RandomAccessFile(const std::string& path) : path_(path), file_(open_regular(path, size_)) {}

void RandomAccessFile::read(std::uint64_t offset, void* out, std::size_t bytes) const {
  char* to = static_cast<char*>(out);
  while (bytes > 0) {
    const ssize_t got = ::pread(file_.get(), to, bytes, static_cast<off_t>(offset));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) system_failure(path_, "read");
    if (got == 0) fail(path_, ": ends at byte ", offset, ", expected ", bytes, " more");
    to += got;
    offset += static_cast<std::uint64_t>(got);
    bytes -= static_cast<std::size_t>(got);
  }
}

MappedFile::MappedFile(const std::string& path) : path_(path) {
  std::uint64_t size = 0;
  const FileDescriptor file = open_regular(path, size);
  size_ = static_cast<std::size_t>(size);
  if (size_ == 0) return;
  void* const mapped = ::mmap(nullptr, size_, PROT_READ, MAP_PRIVATE, file.get(), 0);
  if (mapped == MAP_FAILED) system_failure(path, "map");
  data_ = static_cast<const char*>(mapped);
}

MappedFile::MappedFile(MappedFile&& other) noexcept
    : path_(std::move(other.path_)), data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)) {}

MappedFile& MappedFile::operator=(MappedFile&& other) noexcept {
  std::swap(path_, other.path_);
  std::swap(data_, other.data_);
  std::swap(size_, other.size_);
  return *this;
}

MappedFile::~MappedFile() {
  if (data_ != nullptr) ::munmap(const_cast<char*>(data_), size_);
}

}  // namespace attn
