#include "models/weight_files.h"

#include <map>

#include "base/error.h"
#include "base/json.h"

namespace attn {

WeightFiles::WeightFiles(const ModelFolder& folder) {
  if (folder.has(kWeightsFile)) {
    path_ = folder.path_of(kWeightsFile);
    files_.push_back(folder.open_safetensors(kWeightsFile));
  } else if (folder.has(kWeightsIndexFile)) {
    path_ = folder.path_of(kWeightsIndexFile);
    open_shards(folder);
  } else if (folder.has("pytorch_model.bin")) {
    fail(folder.path(), ": holds its weights as pytorch_model.bin, expected ", kWeightsFile,
         " (save_pretrained with safe_serialization=True writes it)");
  } else {
    fail(folder.path(), ": holds no ", kWeightsFile);
  }
}

void WeightFiles::open_shards(const ModelFolder& folder) {
  const Json index = parse_json(folder.read(kWeightsIndexFile), path_);
  std::map<std::string, const SafetensorsFile*> shards;
  std::map<std::string, std::string> places;
  for (const auto& [name, shard] : index.at("weight_map", path_).as_object(path_ + ": weight_map")) {
    const std::string& file = shard.as_string(path_ + ": weight_map, " + name);
    if (file.empty() || file.find('/') != file.npos) {
      fail(path_, ": tensor ", name, " is in \"", file, "\", expected a file of the same folder");
    }
    if (!places.emplace(name, file).second) fail(path_, ": tensor ", name, " appears twice");
    if (shards.contains(file)) continue;
    files_.push_back(folder.open_safetensors(file));
    shards.emplace(file, files_.back().get());
  }
  for (const auto& [name, file] : places) {
    if (shards.at(file)->find(name) == nullptr) {
      fail(path_, ": tensor ", name, " is missing from ", folder.path_of(file), ", where the index places it");
    }
  }
  for (const auto& [file, shard] : shards) {
    for (const TensorEntry& entry : shard->tensors()) {
      const auto place = places.find(entry.name);
      if (place == places.end() || place->second != file) {
        fail(shard->path(), ": tensor ", entry.name, " is not listed for this file in ", path_);
      }
    }
  }
}

WeightFiles::Entry WeightFiles::find(std::string_view name) const {
  for (const auto& file : files_) {
    if (const TensorEntry* tensor = file->find(name)) return {file.get(), tensor};
  }
  return {};
}

std::vector<WeightFiles::Entry> WeightFiles::all() const {
  std::vector<Entry> entries;
  for (const auto& file : files_) {
    for (const TensorEntry& tensor : file->tensors()) entries.push_back({file.get(), &tensor});
  }
  return entries;
}

}  // namespace attn
