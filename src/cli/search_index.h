#pragma once
// The vectors of the corpus that attn search looks through: taken from the cache, or made and cached.

#include <memory>
#include <optional>
#include <string>

#include "base/temporary_folder.h"
#include "cli/command.h"
#include "cli/model_source.h"
#include "generation/vector_store.h"
#include "models/sentence_modules.h"
#include "simd/kernels.h"
#include "threading/thread_pool.h"

namespace attn {

/// An encoder whose vectors are compared.
struct SearchModel {
  std::string path;
  EncoderSource source;
  SentenceModules modules;
  const simd::Kernels& kernels;
  ThreadPool& pool;

  /// Unit vectors (texts, C), one after the other; a text without characters has zeros.
  void embed(const TextList& texts, const std::function<void(std::span<const float>)>& take) const;
};

class SearchIndex {
 public:
  /// Vectors are kept in `corpus`.attn-vectors, or, where that folder cannot be written to, in a file under
  /// $XDG_CACHE_HOME/attn (~/.cache/attn); with `use_cache` false nowhere. What is kept serves again unless the corpus,
  /// the records' options or the model have changed: size and time of change of their files, or else their SHA-256.
  SearchIndex(const SearchModel& model, const std::string& corpus, const RecordOptions& records, bool use_cache,
              const Invocation& call);

  const VectorStore& store() const { return *store_; }

 private:
  std::optional<TemporaryFolder> folder_;  // where nothing is kept
  std::optional<VectorStore> store_;
};

}  // namespace attn
