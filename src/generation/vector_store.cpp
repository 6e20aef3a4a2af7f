#include "generation/vector_store.h"

#include "base/error.h"

namespace attn {

namespace {

constexpr std::string_view kVectors = "vectors", kEnds = "text_ends", kTexts = "texts";

/// Numbers as they stand in the mapped file, in which every array is aligned to its numbers.
template <class Number>
std::span<const Number> numbers_of(const SafetensorsFile& file, std::string_view name, std::string_view dtype) {
  const TensorEntry* entry = file.find(name);
  if (entry == nullptr || entry->dtype != dtype) fail(file.path(), ": holds no ", dtype, " array \"", name, "\"");
  const std::span<const std::byte> bytes = file.bytes(*entry);
  if (reinterpret_cast<std::uintptr_t>(bytes.data()) % alignof(Number) != 0) {
    fail(file.path(), ": the array \"", name, "\" is not aligned");
  }
  return {reinterpret_cast<const Number*>(bytes.data()), bytes.size() / sizeof(Number)};
}

std::string_view text_at(std::string_view bytes, std::span<const std::int64_t> ends, std::int64_t row) {
  const auto index = static_cast<std::size_t>(row);
  const std::int64_t begin = index == 0 ? 0 : ends[index - 1];
  return bytes.substr(static_cast<std::size_t>(begin), static_cast<std::size_t>(ends[index] - begin));
}

}  // namespace

void TextList::add(std::string_view text) {
  bytes += text;
  ends.push_back(static_cast<std::int64_t>(bytes.size()));
}

std::string_view TextList::at(std::int64_t row) const {
  return text_at(bytes, ends, row);
}

CorpusTexts read_corpus_texts(const std::string& path, const RecordOptions& options) {
  CorpusTexts corpus;
  RecordReader records(path, options);
  for (std::vector<std::string> fields; records.next(fields);) corpus.texts.add(fields[0]);
  if (corpus.texts.bytes.empty()) fail(path, " holds no text");
  corpus.sha256 = records.text().sha256();
  return corpus;
}

void write_vector_store(const std::string& path, const std::map<std::string, std::string>& metadata,
                        const TextList& texts, std::int64_t columns, const EmbedAll& embed) {
  std::vector<OutgoingTensor> tensors;
  tensors.push_back({std::string(kVectors), "F32", {texts.size(), columns}, [&](const ByteSink& sink) {
                       embed([&](std::span<const float> vector) { sink(std::as_bytes(vector)); });
                     }});
  tensors.push_back(outgoing(std::string(kEnds), "I64", {texts.size()}, std::span<const std::int64_t>(texts.ends)));
  tensors.push_back(outgoing(std::string(kTexts), "U8", {static_cast<std::int64_t>(texts.bytes.size())},
                             std::span<const char>(texts.bytes)));
  write_safetensors(path, metadata, tensors);
}

VectorStore::VectorStore(const std::string& path) : file_(path) {
  const std::span<const float> vectors = numbers_of<float>(file_, kVectors, "F32");
  ends_ = numbers_of<std::int64_t>(file_, kEnds, "I64");
  const std::span<const char> bytes = numbers_of<char>(file_, kTexts, "U8");
  bytes_ = {bytes.data(), bytes.size()};
  const std::vector<std::int64_t>& shape = file_.find(kVectors)->shape;
  if (shape.size() != 2 || static_cast<std::size_t>(shape[0]) != ends_.size()) {
    fail(path, ": the vectors are not one for each text");
  }
  vectors_ = {vectors.data(), shape[0], shape[1]};
  std::int64_t last = 0;
  for (const std::int64_t end : ends_) {
    if (end < last || end > static_cast<std::int64_t>(bytes_.size())) fail(path, ": the ends of the texts are damaged");
    last = end;
  }
}

std::string_view VectorStore::text(std::int64_t row) const {
  return text_at(bytes_, ends_, row);
}

}  // namespace attn
