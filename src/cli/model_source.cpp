#include "cli/model_source.h"

#include "base/error.h"

namespace attn {

namespace {

struct Kind {
  std::string_view what;      // "an encoder-decoder model"
  std::string_view commands;  // that it is for
};

Kind kind_of(Architecture architecture) {
  switch (architecture) {
    case Architecture::bert:
      return {"an encoder", "fill, classify, embed"};
    case Architecture::transformer:
      return {"an encoder-decoder model", "translate"};
    case Architecture::gpt2:
    case Architecture::llama:
      break;
  }
  return {"a decoder-only model", "generate, chat"};
}

}  // namespace

std::unique_ptr<Tokenizer> open_tokenizer(const ModelFolder& folder) {
  if (folder.has(kTokenizerFile)) {
    return tokenizer_from_json(folder.read(kTokenizerFile), folder.path_of(kTokenizerFile));
  }
  if (folder.has("vocab.json") && folder.has("merges.txt")) {
    return tokenizer_from_gpt2_files(folder.read("vocab.json"), folder.read("merges.txt"),
                                     folder.path_of("vocab.json"));
  }
  fail(folder.path(), ": holds no ", kTokenizerFile);
}

DecoderSource open_decoder(const std::string& path, std::string_view command) {
  const ModelFolder folder(path);
  const ModelConfig config = folder.read_config();
  if (config.architecture == Architecture::bert || config.architecture == Architecture::transformer) {
    const Kind kind = kind_of(config.architecture);
    fail(path, " is ", kind.what, ", but attn ", command,
         " needs a decoder-only model; commands for it: ", kind.commands);
  }
  std::unique_ptr<Tokenizer> tokenizer = open_tokenizer(folder);
  return {load_decoder(folder), std::move(tokenizer)};
}

}  // namespace attn
