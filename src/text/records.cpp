#include "text/records.h"

#include <algorithm>
#include <charconv>

#include "base/error.h"

namespace attn {
namespace {

std::vector<std::string> split(std::string_view text, char separator) {
  std::vector<std::string> parts;
  for (std::size_t begin = 0;;) {
    const std::size_t end = text.find(separator, begin);
    parts.emplace_back(text.substr(begin, end - begin));
    if (end == std::string_view::npos) return parts;
    begin = end + 1;
  }
}

bool has_ending(const std::string& path, std::string_view ending) {
  if (path.size() < ending.size()) return false;
  return std::equal(ending.begin(), ending.end(), path.end() - static_cast<std::ptrdiff_t>(ending.size()),
                    [](char a, char b) { return a == (b >= 'A' && b <= 'Z' ? b + 32 : b); });
}

std::string join(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "" : ", ") + name;
  return text;
}

bool all_among(const std::vector<std::string>& wanted, const std::vector<std::string>& names) {
  return std::ranges::all_of(wanted, [&](const std::string& name) { return std::ranges::count(names, name) > 0; });
}

}  // namespace

RecordReader::RecordReader(const std::string& path, RecordOptions options)
    : RecordReader(path, nullptr, std::move(options)) {}

RecordReader::RecordReader(std::string name, NextLine next_line, RecordOptions options)
    : path_(std::move(name)),
      options_(std::move(options)),
      next_line_(std::move(next_line)),
      csv_(has_ending(path_, ".csv")),
      whole_lines_(!csv_ && options_.wanted.size() == 1 && options_.columns.empty() && !has_ending(path_, ".tsv") &&
                   options_.or_wanted.empty()) {
  if (!next_line_) {
    file_ = std::make_unique<LineReader>(path_);
    next_line_ = [lines = file_.get()](std::string& line) { return lines->next_of_all(line); };
  }
  const bool named = csv_ || options_.header;
  if (named && !next_record()) fail(path_, " is empty, expected a header");
  const std::vector<std::string> names = named ? record_ : std::vector<std::string>{};
  if (!options_.or_wanted.empty()) choose_wanted(names);
  choose_columns(names);
}

/// Takes or_wanted for wanted if that is what is there.
void RecordReader::choose_wanted(const std::vector<std::string>& names) {
  std::size_t count = 0;
  if (!options_.columns.empty()) {
    count = split(options_.columns, ',').size();
  } else if (all_among(options_.or_wanted, names)) {
    count = options_.or_wanted.size();
  } else if (all_among(options_.wanted, names)) {
    return;
  } else {
    holds_record_ = next_record();
    count = record_.size();
  }
  if (count == options_.or_wanted.size()) options_.wanted = options_.or_wanted;
}

bool RecordReader::read_line() {
  if (!next_line_(line_)) return false;
  ++lines_read_;
  return true;
}

/// Index of a column that is given by name or by number from 1.
std::size_t RecordReader::column_of(const std::string& name, const std::vector<std::string>& names) const {
  const auto found = std::find(names.begin(), names.end(), name);
  if (found != names.end()) return static_cast<std::size_t>(found - names.begin());
  std::size_t number = 0;
  const auto [end, status] = std::from_chars(name.data(), name.data() + name.size(), number);
  const bool is_number = status == std::errc() && end == name.data() + name.size() && number > 0;
  if (is_number && (names.empty() || number <= names.size())) return number - 1;
  if (names.empty())
    usage_error("--columns: found \"", name, "\", expected a number from 1, as ", path_, " has no header");
  usage_error("--columns: ", path_, " has no column \"", name, "\"; it has ", join(names));
}

void RecordReader::choose_columns(const std::vector<std::string>& names) {
  if (options_.wanted.empty()) {
    options_.wanted = names;
    exact_ = true;
    for (std::size_t i = 0; i < names.size(); ++i) chosen_.push_back(i);
    return;
  }
  const auto& wanted = options_.wanted;
  chosen_.assign(wanted.size(), 0);
  if (options_.columns.empty()) {
    const bool all_named = all_among(wanted, names);
    for (std::size_t i = 0; i < wanted.size(); ++i) chosen_[i] = all_named ? column_of(wanted[i], names) : i;
    exact_ = !all_named;
    return;
  }
  const auto given = split(options_.columns, ',');
  if (given.size() != wanted.size()) {
    usage_error("--columns: found ", given.size(), " columns, expected ", wanted.size(), " (", join(wanted), ")");
  }
  for (std::size_t i = 0; i < given.size(); ++i) {
    const std::size_t equals = given[i].find('=');
    if (equals == std::string::npos) {
      chosen_[i] = column_of(given[i], names);
      continue;
    }
    const auto place = std::find(wanted.begin(), wanted.end(), given[i].substr(0, equals));
    if (place == wanted.end()) {
      usage_error("--columns: found \"", given[i].substr(0, equals), "\", expected one of ", join(wanted));
    }
    chosen_[static_cast<std::size_t>(place - wanted.begin())] = column_of(given[i].substr(equals + 1), names);
  }
}

bool RecordReader::next(std::vector<std::string>& fields) {
  if (!holds_record_ && !next_record()) return false;
  holds_record_ = false;
  fields.resize(chosen_.size());
  if (exact_ && record_.size() != chosen_.size()) {
    fail(path_, ":", line_number_, ": found ", record_.size(), record_.size() == 1 ? " column" : " columns",
         ", expected ", chosen_.size(), " (", join(options_.wanted), ")",
         record_.size() > chosen_.size() ? "; --columns picks some of them" : "");
  }
  for (std::size_t i = 0; i < chosen_.size(); ++i) {
    if (chosen_[i] >= record_.size()) {
      fail(path_, ":", line_number_, ": found ", record_.size(), record_.size() == 1 ? " column" : " columns",
           ", expected at least ", chosen_[i] + 1);
    }
    fields[i] = record_[chosen_[i]];
  }
  return true;
}

bool RecordReader::next_record() {
  do {
    if (!read_line()) return false;
  } while (line_.empty() && !whole_lines_);
  line_number_ = lines_read_;
  if (csv_) return next_csv_record();
  record_ = whole_lines_ ? std::vector<std::string>{line_} : split(line_, '\t');
  return true;
}

bool RecordReader::next_csv_record() {
  record_.clear();
  for (std::size_t position = 0;;) {
    std::string& field = record_.emplace_back();
    if (position < line_.size() && line_[position] == '"') {
      read_quoted(field, ++position);
      if (position < line_.size() && line_[position] != ',') {
        fail(path_, ":", lines_read_, ": found '", line_[position], "' after a closing quote, expected a comma");
      }
    } else {
      const std::size_t end = std::min(line_.find(',', position), line_.size());
      field = line_.substr(position, end - position);
      position = end;
      if (field.find('"') != std::string::npos) {
        fail(path_, ":", lines_read_, ": found a quote inside a field that does not begin with one");
      }
    }
    if (position >= line_.size()) return true;
    ++position;
  }
}

/// Reads to the closing quote, over line ends if need be; doubled quotes stand for one.
void RecordReader::read_quoted(std::string& field, std::size_t& position) {
  for (;;) {
    const std::size_t quote = line_.find('"', position);
    if (quote == std::string::npos) {
      field.append(line_, position);
      field += '\n';
      if (!read_line()) fail(path_, ":", line_number_, ": a quote is opened here and never closed");
      position = 0;
      continue;
    }
    field.append(line_, position, quote - position);
    position = quote + 1;
    if (position >= line_.size() || line_[position] != '"') return;
    field += '"';
    ++position;
  }
}

}  // namespace attn
