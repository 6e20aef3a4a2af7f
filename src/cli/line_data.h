#pragma once
// Line data of `attn train` (source and target, label and text, …) as example files in the model's folder, with the
// tokenizer learnt from them. What an example holds is the task's business.

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "cli/train_options.h"
#include "text/example_file.h"
#include "text/line_corpus.h"
#include "text/line_examples.h"
#include "text/tokenizer.h"

namespace attn {

/// How a task reads its lines.
struct LineDataPlan {
  std::vector<std::string> columns;        // what the task calls them: {"source", "target"}
  std::size_t input = 0;                   // by which column lines are split into training and validation part
  TokenizerTraining tokenizer = {};        // its special tokens; kind, size and case come from the options
  std::vector<std::size_t> text = {};      // the columns that the tokenizer learns from; none named: all
  std::int64_t largest_vocabulary = 8000;  // by default
  int fields = 2;                          // of an example
  /// Given the corpus and its tokenizer, how a line becomes an example.
  std::function<EncodeLine(const LineCorpus& corpus, const Tokenizer& tokenizer)> encode;
};

/// What was found in the data; training/corpus.json, so that resuming need not read the texts again.
struct LineDataSummary {
  std::vector<std::string> sha256;  // of each file, the validation file last
  LineCounts train, valid;
  std::int64_t skipped = 0;  // lines with an empty column
  bool had_crlf = false;
  bool validates_on_train = false;
  std::int64_t wanted_vocabulary = 0;  // that the tokenizer could have grown to
};

class LineData {
 public:
  /// Reads the files of the options, learns the tokenizer (or takes that of --from), and writes example files and
  /// summary into `folder`/training. Settles the size of the vocabulary. Throws Error.
  static LineData prepare(TrainOptions& options, const std::string& folder, const LineDataPlan& plan);
  /// What prepare() left in the folder. Throws Error, also if a file has changed since.
  static LineData reopen(const TrainOptions& options, const std::string& folder);

  const Tokenizer& tokenizer() const { return *tokenizer_; }
  const ExampleFile& train() const { return *train_; }
  const ExampleFile& valid() const { return *valid_; }
  const LineDataSummary& summary() const { return summary_; }
  int vocabulary() const { return tokenizer_->vocabulary_size(); }
  /// Lines that say what was found.
  std::string describe() const;

 private:
  void open_examples(const std::string& folder);

  std::unique_ptr<Tokenizer> tokenizer_;
  std::optional<ExampleFile> train_, valid_;
  LineDataSummary summary_;
};

}  // namespace attn
