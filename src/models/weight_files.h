#pragma once
// The files that hold a model's weights, as one list of named arrays.

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "models/folder.h"
#include "models/safetensors.h"

namespace attn {

/// The weights of a model: `model.safetensors`, or the shards that `model.safetensors.index.json` lists.
class WeightFiles {
 public:
  /// Throws Error if the folder holds neither, or if index and shards disagree.
  explicit WeightFiles(const ModelFolder& folder);

  struct Entry {
    const SafetensorsFile* file = nullptr;
    const TensorEntry* tensor = nullptr;
    explicit operator bool() const { return tensor != nullptr; }
  };
  /// Nothing if there is none of that name.
  Entry find(std::string_view name) const;
  std::vector<Entry> all() const;
  /// The file that names all arrays, for messages.
  const std::string& path() const { return path_; }

 private:
  void open_shards(const ModelFolder& folder);

  std::string path_;
  std::vector<std::unique_ptr<SafetensorsFile>> files_;
};

}  // namespace attn
