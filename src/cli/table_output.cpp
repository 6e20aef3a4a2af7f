#include "cli/table_output.h"

#include <sys/stat.h>

namespace attn {

namespace {

/// What the ending of a file name says: `.csv` and so on.
std::optional<TableFormat> format_of_ending(const std::string& path) {
  for (const auto& [name, format] : kTableFormats) {
    if (path.ends_with("." + std::string(name))) return format;
  }
  return path.ends_with(".txt") ? std::optional(TableFormat::text) : std::nullopt;
}

}  // namespace

void TableOptions::visit(OptionTable& options) {
  options.group("Output");
  options.add(format, kTableFormats,
              {.name = "format", .default_text = "text on a terminal, else csv", .help = "form of the table"});
  options.add(no_header, {.name = "no-header", .help = "csv and tsv without the names of the columns"});
  options.add(out,
              {.name = "out", .metavar = "FILE", .help = "write there; .csv .tsv .jsonl .json .txt decide the form"});
  options.add(force, {.name = "force", .help = "replace the file if it exists", .in_files = false});
}

void check_may_write(const std::string& path, bool force) {
  struct stat status {};
  if (!force && stat(path.c_str(), &status) == 0 && (S_ISREG(status.st_mode) || S_ISDIR(status.st_mode))) {
    fail(path, " exists already; --force replaces it");
  }
}

TableOutput::TableOutput(const TableOptions& options, Invocation& call)
    : call_(call), path_(options.out), header_(!options.no_header) {
  const auto ending = format_of_ending(path_);
  if (options.format && ending && options.format != ending) {
    usage_error("--format contradicts the ending of --out ", path_);
  }
  const TableFormat fallback = path_.empty() && call.terminal.output ? TableFormat::text : TableFormat::csv;
  format_ = options.format.value_or(ending.value_or(fallback));
  if (path_.empty()) return;
  check_may_write(path_, options.force);
  file_ = std::make_unique<AtomicFile>(path_);
}

Sink TableOutput::sink() {
  if (file_ != nullptr) return [this](std::string_view text) { file_->write(text); };
  return [this](std::string_view text) { call_.out.write(text); };
}

TableWriter TableOutput::table(std::vector<std::string> columns) {
  return TableWriter(format_, std::move(columns), header_, sink());
}

void TableOutput::flush(TableWriter& table) {
  if (file_ != nullptr) return;
  table.flush();
  call_.out.flush();
}

void TableOutput::commit() {
  if (file_ != nullptr) {
    file_->commit();
  } else {
    call_.out.flush();
  }
}

}  // namespace attn
