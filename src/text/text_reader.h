#pragma once
// A text file in pieces: UTF-8 checked, byte-order mark dropped, CRLF turned into LF. Memory does not grow with the
// file.

#include <cstdint>
#include <string>

#include "base/file.h"
#include "base/sha256.h"

namespace attn {

class TextReader {
 public:
  /// Throws Error if the file cannot be read.
  explicit TextReader(const std::string& path) : file_(path) {}

  /// The next piece, whole characters of about a megabyte; false at the end of the file. Throws Error naming
  /// `file:line` and the byte where the file is not UTF-8.
  bool next(std::string& piece);

  /// Whether a CRLF has become a LF so far.
  bool had_crlf() const { return had_crlf_; }
  /// SHA-256 of the file's bytes; after the end only.
  std::string sha256() { return hash_.finish(); }
  std::uint64_t bytes() const { return bytes_; }

 private:
  void check(std::string_view raw);
  void normalise(std::string_view raw, std::string& piece);

  FileReader file_;
  Sha256 hash_;
  std::string carried_;        // bytes of the next piece's first character, or a CR whose LF may follow
  std::uint64_t bytes_ = 0;    // read from the file
  std::uint64_t checked_ = 0;  // of them handed out
  std::int64_t line_ = 1;      // of the next piece's first byte
  bool had_crlf_ = false;
};

/// A text file line by line.
class LineReader {
 public:
  explicit LineReader(const std::string& path) : text_(path), path_(path) {}

  /// The next line that is not empty, without its line break; false at the end.
  bool next(std::string& line);
  /// The next line, empty or not. Throws Error for a line of more than 64 MB: no line should fill the memory.
  bool next_of_all(std::string& line);
  /// Number of the line last given, from 1.
  std::int64_t line_number() const { return line_number_; }
  TextReader& text() { return text_; }

 private:
  TextReader text_;
  std::string path_;
  std::int64_t line_number_ = 0;
  std::string piece_;
  std::size_t begin_ = 0;  // of what is left of piece_
};

}  // namespace attn
