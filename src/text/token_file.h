#pragma once
// Token ids in a file, read by position, so that a corpus may be larger than memory.

#include <cstdint>
#include <span>
#include <string>

#include "base/file.h"

namespace attn {

/// 2 bytes an id where the vocabulary allows, else 4; in the machine's byte order.
constexpr int token_bytes(int vocabulary) {
  return vocabulary <= 65536 ? 2 : 4;
}

class TokenFileWriter {
 public:
  TokenFileWriter(const std::string& path, int vocabulary) : file_(path), bytes_(token_bytes(vocabulary)) {}

  void append(std::span<const std::int32_t> ids);
  /// Completes the file. Without it nothing remains.
  void commit() { file_.commit(); }
  std::int64_t size() const { return size_; }

 private:
  AtomicFile file_;
  int bytes_;
  std::int64_t size_ = 0;
};

class TokenFile {
 public:
  /// Throws Error if the file is missing or its size fits no number of ids.
  TokenFile(const std::string& path, int vocabulary);

  /// Number of ids.
  std::int64_t size() const { return size_; }
  /// Ids position … position + count - 1 into out (count). Allocates nothing. Throws Error if the file is shorter, or
  /// holds an id outside the vocabulary.
  void read(std::int64_t position, std::int64_t count, std::int32_t* out) const;

 private:
  RandomAccessFile file_;
  int vocabulary_, bytes_;
  std::int64_t size_ = 0;
};

}  // namespace attn
