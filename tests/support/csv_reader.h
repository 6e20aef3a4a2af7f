#pragma once
// A reader of RFC 4180, written for the tests alone, so that the writer is not its own judge.

#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace attn {

using CsvRows = std::vector<std::vector<std::string>>;

/// All records with their fields. Throws if a quote is out of place or records differ in their number of fields.
inline CsvRows read_csv(std::string_view text) {
  CsvRows rows;
  std::vector<std::string> row;
  std::size_t i = 0;
  while (i < text.size()) {
    std::string field;
    if (text[i] == '"') {
      for (++i;; ++i) {
        if (i >= text.size()) throw std::runtime_error("a quoted field does not end");
        if (text[i] != '"') {
          field += text[i];
        } else if (i + 1 < text.size() && text[i + 1] == '"') {
          field += text[++i];
        } else {
          break;
        }
      }
      ++i;
    } else {
      while (i < text.size() && text[i] != ',' && text[i] != '\n') {
        if (text[i] == '"') throw std::runtime_error("a quote inside a field without quotes");
        field += text[i++];
      }
    }
    row.push_back(field);
    if (i >= text.size()) throw std::runtime_error("the last record has no line end");
    if (text[i] == '\n') {
      if (!rows.empty() && rows.front().size() != row.size()) throw std::runtime_error("records differ in length");
      rows.push_back(std::move(row));
      row.clear();
    } else if (text[i] != ',') {
      throw std::runtime_error("a field goes on after its closing quote");
    }
    ++i;
  }
  if (!row.empty()) throw std::runtime_error("the last record is cut off");
  return rows;
}

}  // namespace attn
