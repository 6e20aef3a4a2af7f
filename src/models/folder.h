#pragma once
// A model on disk: a folder in the Hugging Face layout, or a tar archive of one. Knows configuration and weights;
// tokenizer.json is read and written by those who know tokenizers, under the names given here.

#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "base/tar.h"
#include "models/config.h"
#include "models/decoder.h"
#include "models/encoder.h"
#include "models/encoder_decoder.h"
#include "models/safetensors.h"
#include "tensor/parameters.h"

namespace attn {

inline constexpr std::string_view kConfigFile = "config.json";
inline constexpr std::string_view kGenerationConfigFile = "generation_config.json";
inline constexpr std::string_view kWeightsFile = "model.safetensors";
inline constexpr std::string_view kWeightsIndexFile = "model.safetensors.index.json";
inline constexpr std::string_view kTokenizerFile = "tokenizer.json";
inline constexpr std::string_view kTokenizerConfigFile = "tokenizer_config.json";
inline constexpr std::string_view kTrainingOptionsFile = "training/options.conf";
inline constexpr std::string_view kTrainingStateFile = "training/state.safetensors";
inline constexpr std::string_view kTrainingLogFile = "training/log.csv";

/// `folder`/`name`.
std::string join_path(std::string_view folder, std::string_view name);

/// A model that is there to be read.
class ModelFolder {
 public:
  /// A folder, or a tar archive that holds the files, perhaps within one folder. Throws Error if there is no such
  /// thing or it holds no config.json.
  explicit ModelFolder(std::string path);

  const std::string& path() const { return path_; }
  std::string path_of(std::string_view name) const { return join_path(path_, name); }
  bool has(std::string_view name) const;
  /// Contents of a file. Throws Error naming its path.
  std::string read(std::string_view name) const;
  std::unique_ptr<SafetensorsFile> open_safetensors(std::string_view name) const;

  ModelConfig read_config() const;
  /// Fills the parameters of a model that was built from read_config() or is of the same shape.
  void read_weights(const ModelConfig& config, std::span<const NamedParameter> parameters) const;
  /// The same for a model whose head differs from the folder's: the head's parameters keep their values where the
  /// folder has none for them.
  void read_body_weights(std::span<const NamedParameter> parameters) const;

 private:
  std::string_view archived(std::string_view name) const;

  std::string path_;
  std::shared_ptr<const TarArchive> archive_;  // null for a folder
  std::string inside_;                         // of the archive: what stands before the names, "play/"
};

/// The model in a folder. Throws Error if it is of another kind, or damaged; before memory is taken for it if its
/// weights are far smaller than config.json says.
std::unique_ptr<DecoderModel> load_decoder(const ModelFolder& folder);
std::unique_ptr<EncoderModel> load_encoder(const ModelFolder& folder);
std::unique_ptr<EncoderDecoderModel> load_encoder_decoder(const ModelFolder& folder);

/// Makes the folder of a new model. Throws Error if it holds a model already, or files that belong to none, unless
/// `overwrite`; nothing is deleted.
void create_model_folder(const std::string& folder, bool overwrite);

/// Writes config.json, generation_config.json and model.safetensors, each whole or not at all.
void save_model(const std::string& folder, const ModelConfig& config, std::span<const NamedParameter> parameters);

/// Writes tokenizer.json and tokenizer_config.json.
void save_tokenizer(const std::string& folder, const ModelConfig& config, std::string_view tokenizer_json,
                    const SpecialTokenNames& names);

}  // namespace attn
