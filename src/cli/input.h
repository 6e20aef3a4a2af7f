#pragma once
// The texts that a command works on: lines or columns of a file or of standard input, or the one text of --text.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/file.h"
#include "cli/command.h"
#include "text/records.h"

namespace attn {

/// The options of commands that read texts.
struct InputOptions {
  std::optional<std::string> text = {};
  std::string columns = {};
  bool header = false;  // a file that is no .csv begins with the names of its columns

  void visit(OptionTable& options);
};

/// Reads texts, or records of several, one by one; files may be larger than memory, and a pipe's lines come as soon as
/// they are written. Columns of .csv, .tsv and other files are found as RecordReader says; --text and standard input
/// count as lines. A byte-order mark and the carriage returns of \r\n are left out. Throws Error naming `file:line` for
/// anything that is not UTF-8.
class TextInput {
 public:
  /// `file`: a path, or nothing or "-" for standard input. `wanted` says what the command waits for ("texts to
  /// translate, one a line"), `columns` what it calls the columns that it needs, `or_columns` what may stand there instead. Throws Error
  /// if there is no such file, and a usage error if standard input is a terminal or if both a file and --text were given.
  TextInput(const InputOptions& options, std::optional<std::string> file, const Invocation& call,
            std::string_view wanted, std::vector<std::string> columns = {"text"},
            std::vector<std::string> or_columns = {});
  TextInput(const TextInput&) = delete;
  TextInput& operator=(const TextInput&) = delete;

  /// The next text, which is the first of the columns; false at the end. Throws Error if there was no text at all.
  bool next(std::string& text);
  /// All columns of the next record.
  bool next(std::vector<std::string>& fields);
  /// Whether nothing is left.
  bool at_end();
  /// Whether the next text has not been written yet by whoever writes the pipe.
  bool must_wait() const;
  /// Everything that is left as one text, whatever the kind of file, line ends as \n; the final line end is dropped.
  std::string rest();

  /// "reviews.txt:3", "standard input:3", or "--text": where the last text stood.
  std::string where() const;
  /// Number of texts or records so far.
  std::int64_t count() const { return count_; }

 private:
  bool read_line(std::string& line);
  bool next_line(std::string& line);
  void check_utf8(std::string_view line) const;
  bool fill();

  std::string name_;                 // for messages
  std::optional<std::string> text_;  // of --text, until it was handed out
  bool is_text_ = false;
  FileDescriptor file_;
  int descriptor_ = -1;
  std::string buffer_;  // read but not yet handed out, from position_
  std::size_t position_ = 0;
  std::int64_t lines_ = 0;  // read so far
  RecordOptions record_options_;
  std::optional<RecordReader> records_;  // from the first record on
  std::vector<std::string> fields_;
  std::int64_t count_ = 0;
};

}  // namespace attn
