#pragma once
// The text that `attn evaluate` measures models on as a whole, not line by line: read in pieces and tokenised into a
// file, so that it may be larger than memory.

#include <string>

#include "base/temporary_folder.h"
#include "cli/evaluation.h"
#include "text/corpus.h"
#include "text/token_file.h"
#include "text/tokenizer.h"

namespace attn {

class EvaluationText {
 public:
  struct Tokens {
    TokenFile file;
    PartCounts counts;
  };

  /// FILE itself, or a copy of --text or standard input. Throws Error if there is no text, and a usage error for
  /// options of lines without --lines.
  explicit EvaluationText(const EvaluationCall& call);

  const std::string& path() const { return path_; }
  /// With --lines every line is followed by the end-of-text token, if the tokenizer has one.
  Tokens tokenise(const Tokenizer& tokenizer) const;

 private:
  const EvaluationOptions& options_;
  TemporaryFolder folder_;
  std::string path_;
};

}  // namespace attn
