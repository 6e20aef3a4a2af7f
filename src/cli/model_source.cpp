#include "cli/model_source.h"

#include "base/error.h"

namespace attn {

namespace {

struct KindText {
  std::string_view what;      // "an encoder-decoder model"
  std::string_view commands;  // that it is for
};

KindText text_of(ModelKind kind) {
  switch (kind) {
    case ModelKind::translator:
      return {"an encoder-decoder model", "translate"};
    case ModelKind::masked:
      return {"an encoder that fills masks", "fill, embed, search"};
    case ModelKind::classifier:
      return {"a classifier", "classify"};
    case ModelKind::embedder:
      return {"an encoder of whole texts", "embed, search"};
    case ModelKind::decoder:
      break;
  }
  return {"a decoder-only model", "generate, chat"};
}

[[noreturn]] void wrong_kind(const std::string& path, const ModelConfig& config, std::string_view command,
                             std::string_view needed) {
  const KindText found = text_of(kind_of(config));
  fail(path, " is ", found.what, ", but attn ", command, " needs ", needed, "; commands for it: ", found.commands);
}

}  // namespace

ModelKind kind_of(const ModelConfig& config) {
  if (config.architecture == Architecture::transformer) return ModelKind::translator;
  if (config.architecture != Architecture::bert) return ModelKind::decoder;
  if (config.head == Head::masked) return ModelKind::masked;
  return config.head == Head::classifier ? ModelKind::classifier : ModelKind::embedder;
}

std::string_view describe(ModelKind kind) {
  return text_of(kind).what;
}

bool is_chat_model(const ModelFolder& folder) {
  return folder.has(kTrainingOptionsFile) &&
         folder.read(kTrainingOptionsFile).find("\ntask = chat\n") != std::string::npos;
}

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

DecoderSource open_decoder(const std::string& path, std::string_view command, const ModelUse& use) {
  const ModelFolder folder(path);
  const ModelConfig config = folder.read_config();
  if (kind_of(config) != ModelKind::decoder) wrong_kind(path, config, command, "a decoder-only model");
  std::unique_ptr<Tokenizer> tokenizer = open_tokenizer(folder);
  auto model = load_decoder(folder);
  use.apply(model->parameters(), config);
  return {std::move(model), std::move(tokenizer)};
}

EncoderSource open_encoder(const std::string& path, std::string_view command, const ModelUse& use) {
  const ModelFolder folder(path);
  const ModelConfig config = folder.read_config();
  if (config.architecture != Architecture::bert) wrong_kind(path, config, command, "an encoder");
  std::unique_ptr<Tokenizer> tokenizer = open_tokenizer(folder);
  auto model = load_encoder(folder);
  use.apply(model->parameters(), config);
  return {std::move(model), std::move(tokenizer)};
}

EncoderSource open_encoder_with(Head head, const std::string& path, std::string_view command, const ModelUse& use) {
  const ModelConfig config = ModelFolder(path).read_config();
  if (config.architecture != Architecture::bert || config.head != head) {
    wrong_kind(path, config, command, head == Head::masked ? "an encoder that fills masks" : "a classifier");
  }
  return open_encoder(path, command, use);
}

EncoderDecoderSource open_encoder_decoder(const std::string& path, std::string_view command, const ModelUse& use) {
  const ModelFolder folder(path);
  const ModelConfig config = folder.read_config();
  if (kind_of(config) != ModelKind::translator) wrong_kind(path, config, command, "an encoder-decoder model");
  std::unique_ptr<Tokenizer> tokenizer = open_tokenizer(folder);
  auto model = load_encoder_decoder(folder);
  use.apply(model->parameters(), config);
  return {std::move(model), std::move(tokenizer)};
}

}  // namespace attn
