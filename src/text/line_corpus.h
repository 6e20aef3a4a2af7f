#pragma once
// Line data for training: records of a few columns from one or more files, scanned and split into a training and a
// validation part, and handed out one by one. Nothing here grows with the data but
// a hash a line while they are being split.

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "text/line_split.h"
#include "text/records.h"
#include "text/tokenizer.h"
#include "text/tokenizer_trainer.h"

namespace attn {

struct LineCorpusOptions {
  std::vector<std::string> files;
  std::vector<std::string> wanted;            // what the task calls its columns: {"source", "target"}
  std::size_t input = 0;                      // the column by which lines are split: equal ones stay together
  std::string valid_file = {};                // empty: a part of the lines is held out
  std::optional<double> valid_fraction = {};  // nothing: 5 %
  std::string columns = {};                   // --columns
  bool header = false;                        // --header
};

/// What a scan finds in one file.
struct LineFile {
  std::string path;
  std::string sha256;  // of its bytes
  std::int64_t bytes = 0;
  std::int64_t lines = 0;                // in which no wanted column is empty
  std::int64_t skipped = 0;              // in which some are empty and some are not
  std::vector<std::int64_t> characters;  // of each wanted column
};

enum class CorpusPart { train, valid };

class LineCorpus {
 public:
  /// Reads every file once. Throws Error if one is missing, without lines, or not UTF-8, and `file:line` for a line
  /// with too few or too many columns.
  explicit LineCorpus(const LineCorpusOptions& options);

  const LineCorpusOptions& options() const { return options_; }
  /// The data files, then the validation file if there is one.
  const std::vector<LineFile>& files() const { return files_; }
  bool had_crlf() const { return had_crlf_; }
  /// Too few lines to hold some out: validation uses the training part.
  bool validates_on_train() const { return options_.valid_file.empty() && split_.is_empty(); }

  /// Learns one tokenizer from these columns of the training part, all of them if none is named: char from all lines,
  /// the others from an even sample of at most 50 MB.
  std::unique_ptr<Tokenizer> train(const TokenizerTraining& training,
                                   const std::vector<std::size_t>& columns = {}) const;

  /// How often each value of a column occurs in a part. Throws Error naming `file:line` if there are more than `most`.
  std::map<std::string, std::int64_t> count_values(CorpusPart part, std::size_t column, std::size_t most) const;

 private:
  friend class LineCorpusReader;

  void scan(const std::string& path, bool splits);
  RecordReader open(const std::string& path) const;

  LineCorpusOptions options_;
  std::vector<LineFile> files_;
  std::vector<std::int64_t> column_bytes_;  // of the data files
  LineSplit split_;
  bool had_crlf_ = false;
};

/// Hands out the lines of one part, in order.
class LineCorpusReader {
 public:
  LineCorpusReader(const LineCorpus& corpus, CorpusPart part);

  /// The wanted columns of the next line, none of them empty; false when there is no more.
  bool next(std::vector<std::string>& fields);
  /// `file:line` of the line last given.
  std::string place() const;

 private:
  const LineCorpus& corpus_;
  CorpusPart part_;
  bool all_;                      // every line of the files is in the part
  std::size_t file_, last_file_;  // indices into the corpus' files
  std::optional<RecordReader> lines_;
};

}  // namespace attn
