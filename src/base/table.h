#pragma once
// Tables that commands print: CSV, TSV, JSON, or columns for people. Rows go out as they come, so that a table may
// have many millions of them.

#include <concepts>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace attn {

enum class TableFormat { text, csv, tsv, jsonl, json };

/// The names as `--format` takes them.
inline constexpr std::pair<std::string_view, TableFormat> kTableFormats[] = {{"text", TableFormat::text},
                                                                             {"csv", TableFormat::csv},
                                                                             {"tsv", TableFormat::tsv},
                                                                             {"jsonl", TableFormat::jsonl},
                                                                             {"json", TableFormat::json}};

/// Takes pieces of output in order.
using Sink = std::function<void(std::string_view)>;

/// Appends a field as RFC 4180 wants it: in quotes if it holds a comma, a quote or a line break.
void append_csv_field(std::string& out, std::string_view text);
/// Appends a field of tab-separated values: tab, line breaks and backslash become \t \n \r \\.
void append_tsv_field(std::string& out, std::string_view text);
/// Appends the shortest digits that read back to the same number; `nan`, `inf`, `-inf`.
void append_number(std::string& out, float value);
void append_number(std::string& out, double value);
void append_number(std::string& out, std::int64_t value);

/// Writes one table: the cells of each row in the order of the columns, then end_row(); at last finish().
/// JSON has an object a row, JSON proper an array of them; cells that are not finite are null there.
class TableWriter {
 public:
  /// `header` matters to text, CSV and TSV.
  TableWriter(TableFormat format, std::vector<std::string> columns, bool header, Sink sink);

  TableWriter& cell(std::string_view text);
  TableWriter& cell(const char* text) { return cell(std::string_view(text)); }
  TableWriter& cell(float value) { return number_cell(value); }
  TableWriter& cell(double value) { return number_cell(value); }
  template <std::integral Integer>
  TableWriter& cell(Integer value) {
    return number_cell(static_cast<std::int64_t>(value));
  }
  /// A cell without a value: empty, in JSON null.
  TableWriter& empty_cell();
  void end_row();

  /// Hands the rows so far to the sink; those of columns for people wait for their widths.
  void flush();
  /// Writes what remains. The table is not complete without it.
  void finish();

 private:
  static constexpr std::size_t kTextRows = 1000;  // so many rows decide how wide the columns for people are
  struct TextCell {
    std::string text;
    bool number = false;
  };

  template <class Number>
  TableWriter& number_cell(Number value);
  void begin_cell();
  void write_header();
  void write_text_rows();
  void flush_if_full();
  bool is_json() const { return format_ == TableFormat::jsonl || format_ == TableFormat::json; }

  TableFormat format_;
  std::vector<std::string> columns_;
  bool header_;
  Sink sink_;
  std::string buffer_;
  std::size_t column_ = 0;     // of the next cell
  std::size_t row_start_ = 0;  // where the row began in buffer_
  bool first_row_ = true;
  std::vector<std::string> keys_;     // JSON: `"name":` of each column
  std::vector<TextCell> text_cells_;  // rows that wait for their widths
  std::vector<std::size_t> widths_;   // fixed after the first rows
};

}  // namespace attn
