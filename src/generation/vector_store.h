#pragma once
// A corpus of texts with a vector each, in one file that is mapped when it is searched: a safetensors file with the
// vectors, the texts, and what is needed to tell whether it still belongs to its corpus and model.

#include <cstdint>
#include <functional>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "generation/nearest.h"
#include "models/safetensors.h"
#include "text/records.h"

namespace attn {

/// Texts one after the other.
struct TextList {
  std::string bytes;
  std::vector<std::int64_t> ends;  // (N): of each text in bytes

  std::int64_t size() const { return static_cast<std::int64_t>(ends.size()); }
  void add(std::string_view text);
  std::string_view at(std::int64_t row) const;
};

/// The first wanted column of every record, and the SHA-256 of the file. Throws Error as RecordReader does, and if there
/// is no text.
struct CorpusTexts {
  TextList texts;
  std::string sha256;
};
CorpusTexts read_corpus_texts(const std::string& path, const RecordOptions& options);

/// Calls `take` with the vector (columns) of every text, in order.
using EmbedAll = std::function<void(const std::function<void(std::span<const float>)>& take)>;

/// Writes the file, whole or not at all; the vectors go there as they come.
void write_vector_store(const std::string& path, const std::map<std::string, std::string>& metadata,
                        const TextList& texts, std::int64_t columns, const EmbedAll& embed);

class VectorStore {
 public:
  /// Maps the file. Throws Error if it is missing, or is no such file.
  explicit VectorStore(const std::string& path);

  const std::map<std::string, std::string>& metadata() const { return file_.metadata(); }
  VectorRows vectors() const { return vectors_; }
  std::int64_t size() const { return vectors_.rows; }
  std::string_view text(std::int64_t row) const;

 private:
  SafetensorsFile file_;
  VectorRows vectors_;
  std::span<const std::int64_t> ends_;  // (N)
  std::string_view bytes_;
};

}  // namespace attn
