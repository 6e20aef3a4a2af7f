#include "base/table.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <stdexcept>

#include "base/json.h"
#include "base/utf8.h"

namespace attn {

namespace {

constexpr std::size_t kBufferBytes = std::size_t{1} << 16;

template <class Number>
void append_digits(std::string& out, Number value) {
  std::array<char, 40> digits;
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr;
  out.append(digits.data(), end);
}

/// Columns that a text takes on a terminal, counting a column a character.
std::size_t display_width(std::string_view text) {
  return count_code_points(text);
}

/// For people: control characters as escapes, so that a row stays a line.
std::string visible(std::string_view text) {
  std::string result;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte >= 0x20 && byte != 0x7F) {
      result += c;
    } else if (c == '\n' || c == '\r' || c == '\t') {
      result += c == '\n' ? "\\n" : c == '\r' ? "\\r" : "\\t";
    } else {
      result += {'\\', 'x', "0123456789ABCDEF"[byte >> 4], "0123456789ABCDEF"[byte & 15]};
    }
  }
  return result;
}

}  // namespace

void append_csv_field(std::string& out, std::string_view text) {
  if (text.find_first_of(",\"\n\r") == std::string_view::npos) {
    out += text;
    return;
  }
  out += '"';
  for (const char c : text) {
    if (c == '"') out += '"';
    out += c;
  }
  out += '"';
}

void append_tsv_field(std::string& out, std::string_view text) {
  for (const char c : text) {
    switch (c) {
      case '\t':
        out += "\\t";
        break;
      case '\n':
        out += "\\n";
        break;
      case '\r':
        out += "\\r";
        break;
      case '\\':
        out += "\\\\";
        break;
      default:
        out += c;
    }
  }
}

void append_number(std::string& out, float value) {
  append_digits(out, value);
}
void append_number(std::string& out, double value) {
  append_digits(out, value);
}
void append_number(std::string& out, std::int64_t value) {
  append_digits(out, value);
}

TableWriter::TableWriter(TableFormat format, std::vector<std::string> columns, bool header, Sink sink)
    : format_(format), columns_(std::move(columns)), header_(header), sink_(std::move(sink)) {
  if (is_json()) {
    for (const std::string& name : columns_) {
      append_json_string(keys_.emplace_back(), name);
      keys_.back() += ':';
    }
  }
  write_header();
}

void TableWriter::write_header() {
  if (!header_ || is_json()) return;
  for (const std::string& name : columns_) cell(name);
  end_row();
}

void TableWriter::begin_cell() {
  if (column_ == columns_.size()) throw std::logic_error("a table row has more cells than columns");
  if (column_ == 0) row_start_ = buffer_.size();
  if (is_json()) {
    buffer_ += column_ == 0 ? '{' : ',';
    buffer_ += keys_[column_];
  } else if (column_ > 0 && format_ != TableFormat::text) {
    buffer_ += format_ == TableFormat::csv ? ',' : '\t';
  }
  ++column_;
}

TableWriter& TableWriter::cell(std::string_view text) {
  begin_cell();
  switch (format_) {
    case TableFormat::text:
      text_cells_.push_back({visible(text), false});
      break;
    case TableFormat::csv:
      append_csv_field(buffer_, text);
      break;
    case TableFormat::tsv:
      append_tsv_field(buffer_, text);
      break;
    case TableFormat::jsonl:
    case TableFormat::json:
      append_json_string(buffer_, text);
      break;
  }
  return *this;
}

template <class Number>
TableWriter& TableWriter::number_cell(Number value) {
  begin_cell();
  if (format_ == TableFormat::text) {
    append_number(text_cells_.emplace_back(TextCell{{}, true}).text, value);
  } else if (is_json() && !std::isfinite(static_cast<double>(value))) {
    buffer_ += "null";
  } else {
    append_number(buffer_, value);
  }
  return *this;
}
template TableWriter& TableWriter::number_cell(float);
template TableWriter& TableWriter::number_cell(double);
template TableWriter& TableWriter::number_cell(std::int64_t);

TableWriter& TableWriter::empty_cell() {
  begin_cell();
  if (format_ == TableFormat::text) text_cells_.emplace_back();
  if (is_json()) buffer_ += "null";
  return *this;
}

void TableWriter::end_row() {
  if (column_ != columns_.size()) throw std::logic_error("a table row has fewer cells than columns");
  column_ = 0;
  if (format_ == TableFormat::text) {
    if (text_cells_.size() >= kTextRows * columns_.size()) write_text_rows();
  } else {
    // Readers skip an empty line, so a single empty field has to be quoted.
    if (format_ == TableFormat::csv && buffer_.size() == row_start_) buffer_ += "\"\"";
    if (is_json()) buffer_ += '}';
    if (format_ == TableFormat::json) buffer_.insert(row_start_, first_row_ ? "[\n" : ",\n");
    if (format_ != TableFormat::json) buffer_ += '\n';
  }
  first_row_ = false;
  flush_if_full();
}

void TableWriter::write_text_rows() {
  if (widths_.empty()) {
    widths_.assign(columns_.size(), 0);
    // Names of columns stand where the values below them do.
    for (std::size_t i = 0; header_ && i < columns_.size() && i + columns_.size() < text_cells_.size(); ++i) {
      text_cells_[i].number = text_cells_[i + columns_.size()].number;
    }
    for (std::size_t i = 0; i < text_cells_.size(); ++i) {
      std::size_t& width = widths_[i % columns_.size()];
      width = std::max(width, display_width(text_cells_[i].text));
    }
  }
  for (std::size_t i = 0; i < text_cells_.size(); ++i) {
    const std::size_t column = i % columns_.size();
    const auto& [text, number] = text_cells_[i];
    const bool last = column + 1 == columns_.size();
    const std::size_t size = display_width(text);
    const std::size_t padding = widths_[column] > size ? widths_[column] - size : 0;
    if (number) buffer_.append(padding, ' ');
    buffer_ += text;
    if (!number && !last) buffer_.append(padding, ' ');
    buffer_ += last ? "\n" : "  ";
    flush_if_full();
  }
  text_cells_.clear();
}

void TableWriter::flush_if_full() {
  if (buffer_.size() < kBufferBytes) return;
  sink_(buffer_);
  buffer_.clear();
}

void TableWriter::flush() {
  if (!buffer_.empty()) sink_(buffer_);
  buffer_.clear();
}

void TableWriter::finish() {
  if (format_ == TableFormat::text) write_text_rows();
  if (format_ == TableFormat::json) buffer_ += first_row_ ? "[]\n" : "\n]\n";
  flush();
}

}  // namespace attn
