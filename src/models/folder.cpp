#include "models/folder.h"

#include <algorithm>
#include <filesystem>

#include "base/error.h"
#include "base/file.h"
#include "models/file_layout.h"
#include "models/weight_files.h"

namespace attn {

namespace fs = std::filesystem;

std::string join_path(std::string_view folder, std::string_view name) {
  std::string path(folder);
  if (!path.empty() && path.back() != '/') path += '/';
  return path.append(name);
}

ModelFolder::ModelFolder(std::string path) : path_(std::move(path)) {
  std::error_code ignored;
  if (!fs::exists(path_, ignored)) fail(path_, ": no such folder, expected a model");
  if (!fs::is_directory(path_, ignored)) {
    if (!path_.ends_with(".tar")) fail(path_, " is a file, expected a model's folder or a .tar of attn export");
    archive_ = std::make_shared<TarArchive>(path_);
    for (const TarArchive::Member& member : archive_->members()) {
      const std::size_t slash = member.name.find('/');
      const std::size_t start = slash == std::string::npos ? 0 : slash + 1;
      if (member.name.substr(start) == kConfigFile) inside_ = member.name.substr(0, start);
    }
  }
  if (!has(kConfigFile)) fail(path_, ": holds no ", kConfigFile, ", expected a model's folder");
}

bool ModelFolder::has(std::string_view name) const {
  if (archive_) return archive_->find(inside_ + std::string(name)) != nullptr;
  std::error_code ignored;
  return fs::exists(path_of(name), ignored);
}

std::string ModelFolder::read(std::string_view name) const {
  if (!archive_) return read_file(path_of(name));
  return std::string(archived(name));
}

std::unique_ptr<SafetensorsFile> ModelFolder::open_safetensors(std::string_view name) const {
  if (!archive_) return std::make_unique<SafetensorsFile>(path_of(name));
  return std::make_unique<SafetensorsFile>(archive_->file(), archived(name), path_of(name));
}

std::string_view ModelFolder::archived(std::string_view name) const {
  const TarArchive::Member* const member = archive_->find(inside_ + std::string(name));
  if (member == nullptr) fail(path_of(name), ": no such file");
  return member->contents;
}

ModelConfig ModelFolder::read_config() const {
  return config_from_json(read(kConfigFile), path_of(kConfigFile));
}

void ModelFolder::read_weights(const ModelConfig& config, std::span<const NamedParameter> parameters) const {
  load_weights(WeightFiles(*this), config, parameters);
}

void ModelFolder::read_body_weights(std::span<const NamedParameter> parameters) const {
  load_weights(WeightFiles(*this), read_config(), parameters, HeadWeights::optional);
}

namespace {

// A config.json that promises far more than the files hold is damaged: found out before memory is taken for it.
void check_size(const ModelFolder& folder, const WeightFiles& files, const ModelConfig& config) {
  double held = 0;
  for (const WeightFiles::Entry& entry : files.all()) held += static_cast<double>(entry.tensor->count());
  if (parameter_count(config) > 2 * held) {
    fail(files.path(), ": holds ", held, " numbers, but ", folder.path_of(kConfigFile), " describes a model of ",
         parameter_count(config));
  }
}

template <class Model>
std::unique_ptr<Model> load(const ModelFolder& folder, std::initializer_list<Architecture> expected,
                            std::string_view what) {
  const ModelConfig config = folder.read_config();
  if (std::find(expected.begin(), expected.end(), config.architecture) == expected.end()) {
    fail(folder.path(), ": holds a model of the ", name_of(config.architecture), " family, expected ", what);
  }
  const WeightFiles files(folder);
  check_size(folder, files, config);
  auto model = std::make_unique<Model>(config);
  load_weights(files, config, model->parameters().list());
  return model;
}

}  // namespace

std::unique_ptr<DecoderModel> load_decoder(const ModelFolder& folder) {
  return load<DecoderModel>(folder, {Architecture::gpt2, Architecture::llama}, "a language model");
}

std::unique_ptr<EncoderModel> load_encoder(const ModelFolder& folder) {
  return load<EncoderModel>(folder, {Architecture::bert}, "an encoder");
}

std::unique_ptr<EncoderDecoderModel> load_encoder_decoder(const ModelFolder& folder) {
  return load<EncoderDecoderModel>(folder, {Architecture::transformer}, "an encoder-decoder model");
}

void create_model_folder(const std::string& folder, bool overwrite) {
  std::error_code ignored;
  if (!overwrite && fs::exists(join_path(folder, kConfigFile), ignored)) {
    fail(folder, " holds a model already; choose another folder, or --force to overwrite it");
  }
  if (!overwrite && fs::is_directory(folder, ignored) && !fs::is_empty(folder, ignored)) {
    fail(folder, " is not empty and holds no model; choose another folder, or --force to write into it");
  }
  make_directories(folder);
}

void save_model(const std::string& folder, const ModelConfig& config, std::span<const NamedParameter> parameters) {
  make_directories(folder);
  write_safetensors(join_path(folder, kWeightsFile), {{"format", "pt"}}, outgoing_weights(config, parameters));
  write_file(join_path(folder, kGenerationConfigFile), generation_config_to_json(config));
  write_file(join_path(folder, kConfigFile), config_to_json(config));
}

void save_tokenizer(const std::string& folder, const ModelConfig& config, std::string_view tokenizer_json,
                    const SpecialTokenNames& names) {
  make_directories(folder);
  write_file(join_path(folder, kTokenizerFile), tokenizer_json);
  write_file(join_path(folder, kTokenizerConfigFile), tokenizer_config_to_json(config, names));
}

}  // namespace attn
