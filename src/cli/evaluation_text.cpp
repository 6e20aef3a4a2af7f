#include "cli/evaluation_text.h"

#include "base/error.h"
#include "base/file.h"
#include "text/text_reader.h"

namespace attn {

EvaluationText::EvaluationText(const EvaluationCall& call) : options_(call.options) {
  if (!options_.lines && (!options_.input.columns.empty() || options_.input.header)) {
    usage_error(options_.input.header ? "--header" : "--columns", " is for lines; add --lines");
  }
  TextInput input(options_.input, call.file, call.invocation, "a text to evaluate");
  if (call.file && call.file != "-") {
    path_ = *call.file;
    return;
  }
  path_ = folder_.path("text");
  AtomicFile out(path_);
  std::string piece;
  if (options_.input.text) {
    input.next(piece);
    out.write(piece);
  } else {
    bool empty = true;
    for (TextReader reader("/dev/stdin"); reader.next(piece); empty = false) out.write(piece);
    if (empty) fail("standard input holds no text");
  }
  out.commit();
}

EvaluationText::Tokens EvaluationText::tokenise(const Tokenizer& tokenizer) const {
  CorpusOptions options;
  options.valid_file = path_;
  options.columns = options_.input.columns;
  options.header = options_.input.header;
  options.lines = options_.lines;
  const TemporaryFolder folder;
  const std::string path = folder.path("tokens");
  const PartCounts counts = Corpus(options).tokenize(CorpusPart::valid, tokenizer, path);
  // The open file outlives its name.
  return {TokenFile(path, tokenizer.vocabulary_size()), counts};
}

}  // namespace attn
