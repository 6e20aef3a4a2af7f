#include "models/sentence_modules.h"

#include <algorithm>

#include "base/error.h"
#include "base/file.h"
#include "base/json.h"

namespace attn {

namespace {

constexpr std::string_view kModulesFile = kSentenceFiles[0], kPoolingFile = kSentenceFiles[1],
                           kTransformerFile = kSentenceFiles[2], kSettingsFile = kSentenceFiles[3];
constexpr std::string_view kMean = "pooling_mode_mean_tokens", kFirst = "pooling_mode_cls_token";
constexpr std::string_view kOtherModes[] = {"pooling_mode_max_tokens", "pooling_mode_mean_sqrt_len_tokens",
                                            "pooling_mode_weightedmean_tokens", "pooling_mode_lasttoken"};
constexpr int kIndent = 2;

bool is_set(const Json& json, std::string_view key, const std::string& file) {
  const Json* value = json.find(key);
  return value != nullptr && !value->is_null() && value->as_bool(file + ": " + std::string(key));
}

Pooling read_pooling(const ModelFolder& folder, const std::string& directory) {
  const std::string name = directory + "/config.json", file = folder.path_of(name);
  const Json json = parse_json(folder.read(name), file);
  // Newer versions name the mode instead of having a flag for each.
  if (const Json* mode = json.find("pooling_mode"); mode != nullptr && mode->is_string()) {
    if (mode->as_string() == "mean") return Pooling::mean;
    if (mode->as_string() == "cls") return Pooling::first;
    fail(file, ": pooling_mode is \"", mode->as_string(), "\", expected mean or cls, the only forms supported");
  }
  for (const std::string_view mode : kOtherModes) {
    if (is_set(json, mode, file)) fail(file, ": ", mode, " is not supported; expected ", kMean, " or ", kFirst);
  }
  const bool first = is_set(json, kFirst, file), mean = is_set(json, kMean, file);
  if (first == mean) fail(file, ": expected one of ", kMean, " and ", kFirst, " to be true");
  return first ? Pooling::first : Pooling::mean;
}

int read_max_tokens(const ModelFolder& folder) {
  if (!folder.has(kTransformerFile)) return 0;
  const std::string file = folder.path_of(kTransformerFile);
  const Json json = parse_json(folder.read(kTransformerFile), file);
  const Json* value = json.find("max_seq_length");
  if (value == nullptr || value->is_null()) return 0;
  const std::int64_t tokens = value->as_int(file + ": max_seq_length");
  if (tokens < 1 || tokens > 1 << 30) fail(file, ": max_seq_length is ", tokens, ", expected 1 or more");
  return static_cast<int>(tokens);
}

Json module(int index, std::string_view path, std::string_view type) {
  Json json = Json::object();
  json.append("idx", index).append("name", std::to_string(index)).append("path", path);
  json.append("type", "sentence_transformers.models." + std::string(type));
  return json;
}

}  // namespace

SentenceModules read_sentence_modules(const ModelFolder& folder) {
  SentenceModules result;
  if (!folder.has(kModulesFile)) return result;
  const std::string file = folder.path_of(kModulesFile);
  const Json modules = parse_json(folder.read(kModulesFile), file);
  for (const Json& json : modules.as_array(file)) {
    const std::string& type = json.at("type", file).as_string(file);
    const std::string& path = json.at("path", file).as_string(file);
    const std::string name = type.substr(type.rfind('.') + 1);
    if (name == "Transformer") {
      if (!path.empty()) fail(file, ": the Transformer is in \"", path, "\", expected the folder itself");
    } else if (name == "Pooling") {
      result.pooling = read_pooling(folder, path);
    } else if (name == "Normalize") {
      result.unit = true;
    } else {
      fail(file, ": the module ", type, " is not supported; expected Transformer, Pooling and Normalize");
    }
  }
  result.max_tokens = read_max_tokens(folder);
  return result;
}

void save_sentence_modules(const std::string& folder, const ModelConfig& config, const SentenceModules& modules) {
  Json list = Json::array();
  list.push_back(module(0, "", "Transformer")).push_back(module(1, "1_Pooling", "Pooling"));
  if (modules.unit) list.push_back(module(2, "2_Normalize", "Normalize"));
  Json pooling = Json::object();
  pooling.append("word_embedding_dimension", config.d_model);
  pooling.append(std::string(kFirst), modules.pooling == Pooling::first);
  pooling.append(std::string(kMean), modules.pooling == Pooling::mean);
  for (const std::string_view mode : kOtherModes) pooling.append(std::string(mode), false);
  pooling.append("include_prompt", true);
  Json transformer = Json::object();
  transformer.append("max_seq_length", modules.max_tokens > 0 ? modules.max_tokens : config.context);
  transformer.append("do_lower_case", false);
  Json settings = Json::object();
  settings.append("prompts", Json::object()).append("default_prompt_name", nullptr);
  settings.append("similarity_fn_name", "cosine");

  make_directories(join_path(folder, "1_Pooling"));
  if (modules.unit) make_directories(join_path(folder, "2_Normalize"));
  const auto save = [&](std::string_view name, const Json& json) {
    write_file(join_path(folder, name), write_json(json, kIndent) + '\n');
  };
  save(kPoolingFile, pooling);
  save(kTransformerFile, transformer);
  save(kSettingsFile, settings);
  save(kModulesFile, list);
}

}  // namespace attn
