#include "cli/search_index.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <filesystem>

#include "base/sha256.h"
#include "cli/progress.h"
#include "generation/text_embedder.h"

namespace attn {

namespace {

namespace fs = std::filesystem;

constexpr std::string_view kFormat = "attn search 1", kEnding = ".attn-vectors";
constexpr std::string_view kFormatKey = "format", kColumnsKey = "columns", kCorpusStamp = "corpus_stamp",
                           kCorpusDigest = "corpus_sha256", kModelStamp = "model_stamp", kModelDigest = "model_sha256";

/// Size and time of the last change: what can be known without reading.
std::string stamp_of(const std::string& path) {
  struct stat status {};
  if (stat(path.c_str(), &status) != 0) return {};
  return concat(status.st_size, ":", status.st_mtim.tv_sec, ".", status.st_mtim.tv_nsec);
}

/// The files that decide a model's vectors.
std::vector<std::string> files_of_model(const std::string& path) {
  if (!fs::is_directory(path)) return {path};
  std::vector<std::string> files;
  for (const fs::directory_entry& entry : fs::directory_iterator(path)) {
    const std::string ending = entry.path().extension();
    if (entry.is_regular_file() && (ending == ".json" || ending == ".safetensors" || ending == ".txt")) {
      files.push_back(entry.path());
    }
  }
  for (const std::string_view name : kSentenceFiles) {
    const std::string file = join_path(path, name);
    if (name.find('/') != std::string_view::npos && fs::exists(file)) files.push_back(file);
  }
  std::sort(files.begin(), files.end());
  return files;
}

std::string stamp_of_model(const std::string& path) {
  std::string stamp;
  for (const std::string& file : files_of_model(path)) stamp += stamp_of(file) + ";";
  return stamp;
}

std::string digest_of_model(const std::string& path) {
  Sha256 hash;
  for (const std::string& file : files_of_model(path)) hash.update(sha256_of_file(file));
  return hash.finish();
}

std::string value_of(const VectorStore& store, std::string_view key) {
  const auto found = store.metadata().find(std::string(key));
  return found == store.metadata().end() ? std::string() : found->second;
}

/// A store that still belongs to corpus and model; nothing where there is none.
std::optional<VectorStore> open_fresh(const std::string& file, const std::string& model, const std::string& corpus,
                                      const std::string& columns) {
  if (!fs::exists(file)) return std::nullopt;
  try {
    VectorStore store(file);
    const auto says = [&](std::string_view key, const std::string& value) { return value_of(store, key) == value; };
    if (!says(kFormatKey, std::string(kFormat)) || !says(kColumnsKey, columns)) return std::nullopt;
    if (!says(kCorpusStamp, stamp_of(corpus)) && !says(kCorpusDigest, sha256_of_file(corpus))) return std::nullopt;
    if (!says(kModelStamp, stamp_of_model(model)) && !says(kModelDigest, digest_of_model(model))) return std::nullopt;
    return store;
  } catch (const Error&) {  // damaged, or of another program: it is made anew
    return std::nullopt;
  }
}

/// Where vectors may be kept, the best place first.
std::vector<std::string> places_for(const std::string& corpus) {
  std::vector<std::string> places{corpus + std::string(kEnding)};
  std::string cache;
  if (const char* home = std::getenv("XDG_CACHE_HOME"); home != nullptr && *home != '\0') {
    cache = home;
  } else if (const char* user = std::getenv("HOME"); user != nullptr && *user != '\0') {
    cache = join_path(user, ".cache");
  }
  if (!cache.empty()) {
    const std::string path = fs::absolute(corpus).lexically_normal();
    places.push_back(join_path(cache, "attn/" + sha256(path).substr(0, 32) + std::string(kEnding)));
  }
  return places;
}

bool can_write_beside(const std::string& file) {
  fs::path folder = fs::path(file).parent_path();
  if (folder.empty()) folder = ".";
  std::error_code error;
  fs::create_directories(folder, error);
  return access(folder.c_str(), W_OK) == 0;
}

/// "embedding lines 120 k of 1.0 M", redrawn on a terminal.
class EmbeddingProgress {
 public:
  EmbeddingProgress(const Invocation& call, std::int64_t lines)
      : shown_(call.terminal.error && !call.common.quiet), lines_(lines) {}
  ~EmbeddingProgress() {
    if (drawn_) write_to_stderr("\r\x1b[K");
  }
  void add() {
    ++done_;
    const auto now = std::chrono::steady_clock::now();
    if (!shown_ || now - last_ < std::chrono::milliseconds(200)) return;
    last_ = now;
    drawn_ = true;
    write_to_stderr(concat("\r\x1b[Kembedding lines: ", format_count(static_cast<double>(done_)), " of ",
                           format_count(static_cast<double>(lines_))));
  }

 private:
  bool shown_, drawn_ = false;
  std::int64_t lines_, done_ = 0;
  std::chrono::steady_clock::time_point last_ = std::chrono::steady_clock::now();
};

}  // namespace

void SearchModel::embed(const TextList& texts, const std::function<void(std::span<const float>)>& take) const {
  const std::vector<float> zeros(static_cast<std::size_t>(source.config().d_model));
  const int context = source.config().context;
  const int longest = modules.max_tokens > 0 ? std::min(context, modules.max_tokens) : context;
  std::int64_t row = 0;
  // Texts without characters are left out of the batches; their zeros come in their places.
  const auto take_empty = [&] {
    for (; row < texts.size() && texts.at(row).empty(); ++row) take(zeros);
  };
  TextEmbedder embedder(*source.model, modules.pooling, true, kernels, pool,
                        [&](std::int64_t, std::span<const float> vector) {
                          take_empty();
                          take(vector);
                          ++row;
                        });
  for (std::int64_t i = 0; i < texts.size(); ++i) {
    if (!texts.at(i).empty()) embedder.add(encode_text(*source.tokenizer, longest, texts.at(i)));
  }
  embedder.flush();
  take_empty();
}

SearchIndex::SearchIndex(const SearchModel& model, const std::string& corpus, const RecordOptions& records,
                         bool use_cache, const Invocation& call) {
  const std::string columns = concat(records.columns, records.header ? " header" : "");
  const std::vector<std::string> places = use_cache ? places_for(corpus) : std::vector<std::string>{};
  for (const std::string& file : places) {
    store_ = open_fresh(file, model.path, corpus, columns);
    if (store_) return;
  }
  std::map<std::string, std::string> metadata;
  metadata[std::string(kFormatKey)] = kFormat;
  metadata[std::string(kColumnsKey)] = columns;
  metadata[std::string(kCorpusStamp)] = stamp_of(corpus);
  metadata[std::string(kModelStamp)] = stamp_of_model(model.path);
  metadata[std::string(kModelDigest)] = digest_of_model(model.path);
  const CorpusTexts read = read_corpus_texts(corpus, records);
  metadata[std::string(kCorpusDigest)] = read.sha256;

  const auto place = std::find_if(places.begin(), places.end(), can_write_beside);
  if (place == places.end()) folder_.emplace();
  const std::string file = folder_ ? folder_->path("vectors") : *place;
  {
    EmbeddingProgress progress(call, read.texts.size());
    write_vector_store(file, metadata, read.texts, model.source.config().d_model,
                       [&](const std::function<void(std::span<const float>)>& take) {
                         model.embed(read.texts, [&](std::span<const float> vector) {
                           take(vector);
                           progress.add();
                         });
                       });
  }
  if (!folder_) call.note(file, ": vectors of ", read.texts.size(), " lines, kept for the next search");
  store_.emplace(file);
}

}  // namespace attn
