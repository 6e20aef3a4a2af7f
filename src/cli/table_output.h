#pragma once
// Where a command's table goes: standard output or --out FILE, in the form that --format or the file's ending says.

#include <memory>
#include <optional>
#include <string>

#include "base/file.h"
#include "base/table.h"
#include "cli/command.h"

namespace attn {

/// The options of commands that print a table.
struct TableOptions {
  std::optional<TableFormat> format = {};
  bool no_header = false;  // --header is about the input
  std::string out = {};
  bool force = false;

  void visit(OptionTable& options);
};

/// Throws Error if the file exists and may not be replaced (--force).
void check_may_write(const std::string& path, bool force);

class TableOutput {
 public:
  /// Throws Error if the file of --out exists (without --force), or if its ending contradicts --format.
  TableOutput(const TableOptions& options, Invocation& call);

  /// --format, or the ending of --out, or text on a terminal and CSV elsewhere.
  TableFormat format() const { return format_; }
  TableWriter table(std::vector<std::string> columns);
  /// For whoever writes the bytes itself.
  Sink sink();
  /// Hands over the rows so far, if they go to standard output, where somebody may wait for them.
  void flush(TableWriter& table);
  /// Completes the file, if there is one; call it after TableWriter::finish().
  void commit();

 private:
  Invocation& call_;
  std::string path_;
  TableFormat format_;
  bool header_;
  std::unique_ptr<AtomicFile> file_;
};

}  // namespace attn
