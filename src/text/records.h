#pragma once
// Reads data in columns: .csv (RFC 4180, with a header), anything else lines whose columns are separated by tabs.

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "text/text_reader.h"

namespace attn {

struct RecordOptions {
  /// What the task calls its columns: {"label", "text"}. None: all that the header has, which there must then be.
  std::vector<std::string> wanted;
  std::string columns;  // --columns: "label=sentiment,text=3" or "sentiment,3"; empty: see RecordReader
  bool header = false;  // --header: the first line of a file that is no .csv names its columns
  /// What may stand there instead: taken if --columns, the header's names or else the first record say so.
  std::vector<std::string> or_wanted = {};
};

/// Reads records in order. Without `columns`, those that the header names as wanted, else the first ones, and a record
/// must have no others. A single wanted column of a file that is neither .csv nor .tsv is the whole line. Empty lines
/// are left out unless such a line is the whole record.
class RecordReader {
 public:
  /// Gives the next line without its line break; false after the last.
  using NextLine = std::function<bool(std::string& line)>;

  /// Throws Error naming the column that is not there.
  RecordReader(const std::string& path, RecordOptions options);
  /// Lines from elsewhere. The name says in messages where they come from, and by its ending what they are.
  RecordReader(std::string name, NextLine next_line, RecordOptions options);
  /// The wanted columns of the next record; false after the last. Throws Error "file:line: …" for a record with too few
  /// or too many columns and for wrong quotes.
  bool next(std::vector<std::string>& fields);
  /// Where the record last given begins, from 1.
  std::int64_t line_number() const { return line_number_; }
  /// The file of a reader that was given its path, for what is known of it at its end.
  TextReader& text() { return file_->text(); }

 private:
  bool read_line();
  void choose_wanted(const std::vector<std::string>& names);
  bool next_record();
  bool next_csv_record();
  void read_quoted(std::string& field, std::size_t& position);
  void choose_columns(const std::vector<std::string>& names);
  std::size_t column_of(const std::string& name, const std::vector<std::string>& names) const;

  std::string path_;
  RecordOptions options_;
  std::unique_ptr<LineReader> file_;  // null: lines from elsewhere
  NextLine next_line_;
  bool csv_, whole_lines_;
  std::vector<std::size_t> chosen_;  // index of each wanted column
  bool exact_ = false;               // records have only the wanted columns
  std::string line_;
  std::vector<std::string> record_;
  bool holds_record_ = false;  // record_ has been read to see its columns, and is still to be given
  std::int64_t lines_read_ = 0;
  std::int64_t line_number_ = 0;  // where record_ begins
};

}  // namespace attn
