#pragma once
// Opens the model that a command was given: a folder or .tar, with its tokenizer.

#include <memory>
#include <string>
#include <string_view>

#include "cli/model_use.h"
#include "models/decoder.h"
#include "models/encoder.h"
#include "models/encoder_decoder.h"
#include "models/folder.h"
#include "text/tokenizer.h"

namespace attn {

/// A model that only needs input.
template <class Model>
struct ModelSource {
  std::unique_ptr<Model> model;
  std::unique_ptr<Tokenizer> tokenizer;

  const ModelConfig& config() const { return model->config(); }
};
using DecoderSource = ModelSource<DecoderModel>;
using EncoderSource = ModelSource<EncoderModel>;
using EncoderDecoderSource = ModelSource<EncoderDecoderModel>;

/// What a model is and does, as commands see it.
enum class ModelKind { decoder, translator, masked, classifier, embedder };
ModelKind kind_of(const ModelConfig& config);
/// "a decoder-only model", "a classifier", …
std::string_view describe(ModelKind kind);

/// Whether attn train chat made the model.
bool is_chat_model(const ModelFolder& folder);

/// Reads a folder's tokenizer. Throws Error if it has none.
std::unique_ptr<Tokenizer> open_tokenizer(const ModelFolder& folder);

/// Read a model with its tokenizer. They throw Error that names what is missing or damaged; of a model of another
/// family it says which commands serve it instead of `command`.
DecoderSource open_decoder(const std::string& path, std::string_view command, const ModelUse& use = {});
EncoderSource open_encoder(const std::string& path, std::string_view command, const ModelUse& use = {});
EncoderDecoderSource open_encoder_decoder(const std::string& path, std::string_view command, const ModelUse& use = {});

/// The same for a command that needs a certain head: Head::masked or Head::classifier.
EncoderSource open_encoder_with(Head head, const std::string& path, std::string_view command, const ModelUse& use = {});

}  // namespace attn
