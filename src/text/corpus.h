#pragma once
// Texts for training a language model: scanned and split into a training and a validation part, handed out in pieces,
// and tokenised once into files. Nothing here grows with the size of a text; lines are a LineCorpus of one column.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "text/line_corpus.h"
#include "text/text_reader.h"
#include "text/tokenizer.h"
#include "text/tokenizer_trainer.h"

namespace attn {

struct CorpusOptions {
  std::vector<std::string> files;
  std::string valid_file = {};  // empty: a part of each file is held out
  /// Held out of each text, at most 1,000,000 characters; nothing: 10 %, of lines 5 %.
  std::optional<double> valid_fraction = {};
  std::string columns = {};  // --columns, of lines: which column of .csv and .tsv files is the text
  bool header = false;       // --header, of lines: files that are no .csv begin with the names of their columns
  bool lines = false;        // every line is a document of its own
};

/// What a scan finds in one file.
struct CorpusFile {
  std::string path;
  std::string sha256;  // of its bytes
  std::int64_t bytes = 0;
  std::int64_t characters = 0;        // after BOM and CRLF are gone
  std::int64_t train_characters = 0;  // the first so many are trained on (not with `lines`)
};

/// Numbers of one part.
struct PartCounts {
  std::int64_t documents = 0;
  std::int64_t characters = 0;
  std::int64_t tokens = 0;
  std::int64_t unknown = 0;  // tokens that stand for a character outside the vocabulary
};

class Corpus {
 public:
  /// Reads every file once. Throws Error if one is missing, empty, or not UTF-8.
  explicit Corpus(const CorpusOptions& options);

  /// The texts, then the validation file if there is one.
  const std::vector<CorpusFile>& files() const { return files_; }
  bool had_crlf() const { return had_crlf_; }
  /// Too little text to hold a part out: validation uses the training part.
  bool validates_on_train() const { return validates_on_train_; }
  /// Whether documents are joined by the end-of-text token: several texts, or lines.
  bool has_separators() const { return options_.lines || options_.files.size() > 1; }

  /// Tokenises one part into a file, with the end-of-text token behind every document if there are separators.
  PartCounts tokenize(CorpusPart part, const Tokenizer& tokenizer, const std::string& path) const;

  /// Learns a tokenizer from the training part: char from all of it, the others from an even sample of at most 50 MB.
  std::unique_ptr<Tokenizer> train(const TokenizerTraining& training) const;

 private:
  friend class CorpusReader;

  void take_lines();
  void scan(const std::string& path);
  void split();

  CorpusOptions options_;
  std::vector<CorpusFile> files_;
  std::optional<LineCorpus> lines_;  // with `lines`
  bool had_crlf_ = false;
  bool validates_on_train_ = false;
};

/// Hands out the documents of one part, in order, in pieces.
class CorpusReader {
 public:
  CorpusReader(const Corpus& corpus, CorpusPart part);

  /// The next piece, whole characters; `ends_document` if it is its document's last one. It may be empty then. False
  /// when there is no more.
  bool next(std::string& piece, bool& ends_document);

 private:
  bool next_of_text(std::string& piece, bool& ends_document);

  const Corpus& corpus_;
  CorpusPart part_;
  std::size_t file_, last_file_;  // indices into the corpus' files
  std::optional<TextReader> text_;
  std::optional<LineCorpusReader> lines_;
  std::vector<std::string> fields_;  // of a line
  std::int64_t position_ = 0;        // characters read of the file
};

}  // namespace attn
