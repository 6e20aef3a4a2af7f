#include "text/line_corpus.h"

#include <algorithm>
#include <numeric>

#include "base/error.h"
#include "base/utf8.h"
#include "text/even_sample.h"

namespace attn {

namespace {

std::int64_t count_characters(std::string_view text) {
  return static_cast<std::int64_t>(count_code_points(text));
}

bool is_empty(const std::string& field) {
  return field.empty();
}

std::string join(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "" : " and ") + name;
  return text;
}

}  // namespace

LineCorpus::LineCorpus(const LineCorpusOptions& options) : options_(options), column_bytes_(options.wanted.size(), 0) {
  const bool splits = options_.valid_file.empty();
  for (const std::string& path : options_.files) scan(path, splits);
  if (splits) {
    split_.finish(options_.valid_fraction);
  } else {
    const std::vector<std::int64_t> bytes = column_bytes_;
    scan(options_.valid_file, false);
    column_bytes_ = bytes;
  }
}

void LineCorpus::scan(const std::string& path, bool splits) {
  LineFile file;
  file.path = path;
  file.characters.assign(options_.wanted.size(), 0);
  RecordReader records = open(path);
  for (std::vector<std::string> fields; records.next(fields);) {
    if (std::any_of(fields.begin(), fields.end(), is_empty)) {
      file.skipped += !std::all_of(fields.begin(), fields.end(), is_empty);
      continue;
    }
    ++file.lines;
    for (std::size_t i = 0; i < fields.size(); ++i) {
      file.characters[i] += count_characters(fields[i]);
      column_bytes_[i] += static_cast<std::int64_t>(fields[i].size());
    }
    if (splits) split_.add(fields[options_.input]);
  }
  file.bytes = static_cast<std::int64_t>(records.text().bytes());
  file.sha256 = records.text().sha256();
  had_crlf_ = had_crlf_ || records.text().had_crlf();
  if (file.lines == 0 && file.skipped == 0) fail(path, ": is empty; expected lines to train on");
  if (file.lines == 0) fail(path, ": no line has both ", join(options_.wanted), "; found ", file.skipped, " others");
  files_.push_back(std::move(file));
}

RecordReader LineCorpus::open(const std::string& path) const {
  return RecordReader(path, {.wanted = options_.wanted, .columns = options_.columns, .header = options_.header});
}

std::unique_ptr<Tokenizer> LineCorpus::train(const TokenizerTraining& training,
                                             const std::vector<std::size_t>& columns) const {
  std::vector<std::size_t> chosen = columns;
  if (chosen.empty()) {
    chosen.resize(options_.wanted.size());
    std::iota(chosen.begin(), chosen.end(), 0);
  }
  std::int64_t bytes = 0;
  for (const std::size_t column : chosen) bytes += column_bytes_[column];
  EvenSample sample(bytes, training.kind);
  LineCorpusReader reader(*this, CorpusPart::train);
  std::vector<std::string> fields;
  std::size_t next = chosen.size();
  return train_tokenizer(training, [&](std::string& text) {
    for (;;) {
      if (next == chosen.size()) {
        if (!reader.next(fields)) return false;
        next = 0;
      }
      text = fields[chosen[next++]];
      if (sample.takes(text.size())) return true;
    }
  });
}

std::map<std::string, std::int64_t> LineCorpus::count_values(CorpusPart part, std::size_t column,
                                                             std::size_t most) const {
  std::map<std::string, std::int64_t> counts;
  LineCorpusReader reader(*this, part);
  for (std::vector<std::string> fields; reader.next(fields);) {
    ++counts[fields[column]];
    if (counts.size() <= most) continue;
    fail(reader.place(), ": the column ", options_.wanted[column], " has more than ", most,
         " different values; found here \"", fields[column], "\"");
  }
  return counts;
}

LineCorpusReader::LineCorpusReader(const LineCorpus& corpus, CorpusPart part) : corpus_(corpus), part_(part) {
  const std::size_t data_files = corpus.options_.files.size();
  const bool own_file = !corpus.options_.valid_file.empty();
  file_ = own_file && part == CorpusPart::valid ? data_files : 0;
  last_file_ = own_file && part == CorpusPart::valid ? data_files + 1 : data_files;
  all_ = own_file || corpus.validates_on_train();
}

bool LineCorpusReader::next(std::vector<std::string>& fields) {
  for (; file_ != last_file_; ++file_) {
    if (!lines_) lines_.emplace(corpus_.open(corpus_.files_[file_].path));
    while (lines_->next(fields)) {
      if (std::any_of(fields.begin(), fields.end(), is_empty)) continue;
      const bool held_out = corpus_.split_.holds_out(fields[corpus_.options_.input]);
      if (all_ || held_out == (part_ == CorpusPart::valid)) return true;
    }
    lines_.reset();
  }
  return false;
}

std::string LineCorpusReader::place() const {
  return concat(corpus_.files_[file_].path, ":", lines_->line_number());
}

}  // namespace attn
