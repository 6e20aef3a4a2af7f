#pragma once
// Opens the model that a command was given: a folder or .tar, with its tokenizer.

#include <memory>
#include <string>
#include <string_view>

#include "models/decoder.h"
#include "models/folder.h"
#include "text/tokenizer.h"

namespace attn {

/// A model that only needs input.
struct DecoderSource {
  std::unique_ptr<DecoderModel> model;
  std::unique_ptr<Tokenizer> tokenizer;

  const ModelConfig& config() const { return model->config(); }
};

/// Reads a folder's tokenizer. Throws Error if it has none.
std::unique_ptr<Tokenizer> open_tokenizer(const ModelFolder& folder);

/// Reads a decoder-only model with its tokenizer. Throws Error that names what is missing or damaged; of a model of
/// another kind it says which command serves it instead of `command`.
DecoderSource open_decoder(const std::string& path, std::string_view command);

}  // namespace attn
