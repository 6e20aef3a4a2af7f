#pragma once
// The texts of `attn train generate` as token files in the model's folder, with the tokenizer learnt from them.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "cli/train_options.h"
#include "text/corpus.h"
#include "text/token_file.h"
#include "text/tokenizer.h"

namespace attn {

/// What was found in the data; training/corpus.json, so that resuming need not read the texts again.
struct CorpusSummary {
  std::vector<std::string> sha256;  // of each file, the validation file last
  PartCounts train, valid;
  bool had_crlf = false;
  bool validates_on_train = false;
  bool has_separators = false;
};

/// What a task wants of the tokenizer of its texts.
struct TextDataPlan {
  TokenizerTraining tokenizer = {};        // its special tokens; kind, size and case come from the options
  bool marks_ends = true;                  // end-of-text between documents, if there are several
  std::int64_t largest_vocabulary = 1024;  // by default
};

class LanguageData {
 public:
  /// Reads the texts of the options, learns the tokenizer (or takes that of --from), and writes token files and summary
  /// into `folder`/training. Settles the size of the vocabulary. Throws Error.
  static LanguageData prepare(TrainOptions& options, const std::string& folder, const TextDataPlan& plan = {});
  /// What prepare() left in the folder. Throws Error, also if a text has changed since.
  static LanguageData reopen(const TrainOptions& options, const std::string& folder);

  const Tokenizer& tokenizer() const { return *tokenizer_; }
  const TokenFile& train() const { return *train_; }
  const TokenFile& valid() const { return *valid_; }
  const CorpusSummary& summary() const { return summary_; }
  int vocabulary() const { return tokenizer_->vocabulary_size(); }
  /// Lines that say what was found.
  std::string describe() const;
  /// The token between documents; nothing if the model never sees it.
  std::optional<std::int32_t> end_id() const;

 private:
  void open_token_files(const std::string& folder);

  std::unique_ptr<Tokenizer> tokenizer_;
  std::optional<TokenFile> train_, valid_;
  CorpusSummary summary_;
};

}  // namespace attn
