#pragma once
// Files: read whole, streamed, by position or mapped; written atomically. Every error is an Error that names
// the path.

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace attn {

/// The whole contents. Throws Error if the file is missing, a directory, or not readable.
std::string read_file(const std::string& path);

/// Creates a directory and its parents; one that exists is fine.
void make_directories(const std::string& path);

/// An open file descriptor, closed at the end.
class FileDescriptor {
 public:
  FileDescriptor() = default;
  explicit FileDescriptor(int descriptor) : descriptor_(descriptor) {}
  FileDescriptor(FileDescriptor&& other) noexcept : descriptor_(other.release()) {}
  FileDescriptor& operator=(FileDescriptor&& other) noexcept;
  ~FileDescriptor() { close(); }
  int get() const { return descriptor_; }
  int release();
  void close();

 private:
  int descriptor_ = -1;
};

/// Reads a file from front to back in pieces. A pipe or device will do too.
class FileReader {
 public:
  explicit FileReader(const std::string& path);
  /// Fills `buffer` as far as the file reaches; less than its size only at the end.
  std::size_t read(std::span<char> buffer);
  const std::string& path() const { return path_; }

 private:
  std::string path_;
  FileDescriptor file_;
};

/// Reads a regular file at any position (pread: no shared position, no page of it counts as our memory).
class RandomAccessFile {
 public:
  explicit RandomAccessFile(const std::string& path);
  std::uint64_t size() const { return size_; }
  const std::string& path() const { return path_; }
  /// Reads exactly `bytes` bytes from `offset`. Throws Error if the file ends before.
  void read(std::uint64_t offset, void* out, std::size_t bytes) const;

 private:
  std::string path_;
  std::uint64_t size_ = 0;  // set while file_ is opened
  FileDescriptor file_;
};

/// A read-only mapping of a whole file.
class MappedFile {
 public:
  explicit MappedFile(const std::string& path);
  MappedFile(MappedFile&& other) noexcept;
  MappedFile& operator=(MappedFile&& other) noexcept;
  ~MappedFile();
  std::string_view contents() const { return {data_, size_}; }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
  const char* data_ = nullptr;
  std::size_t size_ = 0;
};

/// Writes beside `path` under a temporary name; commit() flushes to disk and renames, so that readers see the
/// old file or the whole new one. Without commit() the temporary file is removed. Pipes and devices are
/// written directly.
class AtomicFile {
 public:
  explicit AtomicFile(const std::string& path);
  AtomicFile(const AtomicFile&) = delete;
  AtomicFile& operator=(const AtomicFile&) = delete;
  ~AtomicFile();
  void write(std::string_view bytes);
  void write(const void* data, std::size_t bytes) { write({static_cast<const char*>(data), bytes}); }
  void commit();

 private:
  void open_temporary();
  void flush();

  std::string path_, temporary_;  // temporary_ is empty when written directly
  FileDescriptor file_;
  std::string buffer_;
};

/// AtomicFile with these contents.
void write_file(const std::string& path, std::string_view contents);

}  // namespace attn
