#pragma once
// The safetensors format: named arrays behind a JSON header. Model weights and the state of a training are kept in
// it. Everything a damaged file could claim is checked before anything is allocated for it.

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/file.h"

namespace attn {

/// One array of a file. Types are called as in the format: "F32", "BF16", "I64", …
struct TensorEntry {
  std::string name;
  std::string dtype;
  std::vector<std::int64_t> shape;
  std::uint64_t begin, end;  // bytes, counted from the end of the header

  /// Product of the shape; 1 for a scalar.
  std::int64_t count() const;
};

/// "F32 (3, 4)": type and shape, for messages.
std::string describe(const TensorEntry& entry);

class SafetensorsFile {
 public:
  /// Maps the file and checks its header: length, JSON, no name twice, every size, data that tiles the rest of the
  /// file exactly. Throws Error naming the file and the tensor.
  explicit SafetensorsFile(const std::string& path);

  const std::string& path() const { return path_; }
  /// The strings under `__metadata__`.
  const std::map<std::string, std::string>& metadata() const { return metadata_; }
  /// In the order of their data.
  const std::vector<TensorEntry>& tensors() const { return tensors_; }
  /// Null if there is none of that name.
  const TensorEntry* find(std::string_view name) const;

  /// The entry's bytes, in the file's byte order (little-endian), perhaps unaligned.
  std::span<const std::byte> bytes(const TensorEntry& entry) const;
  /// The entry's numbers as float; F32, F64, F16 and BF16 can be read. `out` holds entry.count() numbers. Throws
  /// Error for other types, and for numbers that are not finite.
  void read_floats(const TensorEntry& entry, std::span<float> out) const;
  /// Copies an entry that must have this type and hold out.size_bytes() bytes; throws Error otherwise.
  template <class Number>
  void read_exactly(std::string_view name, std::string_view dtype, std::span<Number> out) const {
    read_bytes(name, dtype, std::as_writable_bytes(out));
  }

 private:
  void parse_header(std::string_view header);
  void check_tiling() const;
  void read_bytes(std::string_view name, std::string_view dtype, std::span<std::byte> out) const;

  std::string path_;
  MappedFile file_;
  std::map<std::string, std::string> metadata_;
  std::vector<TensorEntry> tensors_;
  std::map<std::string, std::size_t, std::less<>> index_;  // name -> place in tensors_
  std::uint64_t data_begin_ = 0;                           // of the data in the file
};

/// Takes bytes in sequence.
using ByteSink = std::function<void(std::span<const std::byte>)>;

/// An array to be written: `write` hands all its bytes to the sink, in pieces of any size.
struct OutgoingTensor {
  std::string name;
  std::string dtype;
  std::vector<std::int64_t> shape;
  std::function<void(const ByteSink&)> write;
};

/// An array whose numbers stand in memory, which must outlive the writing.
template <class Number>
OutgoingTensor outgoing(std::string name, std::string dtype, std::vector<std::int64_t> shape,
                        std::span<const Number> numbers) {
  return {std::move(name), std::move(dtype), std::move(shape),
          [numbers](const ByteSink& sink) { sink(std::as_bytes(numbers)); }};
}

/// Writes a safetensors file: to a temporary name first, renamed when it is complete. Throws Error.
void write_safetensors(const std::string& path, const std::map<std::string, std::string>& metadata,
                       std::span<const OutgoingTensor> tensors);

/// The weights of a model: `model.safetensors`, or the shards that `model.safetensors.index.json` lists.
class WeightFiles {
 public:
  /// Throws Error if the folder holds neither, or if index and shards disagree.
  explicit WeightFiles(const std::string& folder);

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
  void open_shards(const std::string& folder, const std::string& index_path);

  std::string path_;
  std::vector<std::unique_ptr<SafetensorsFile>> files_;
};

}  // namespace attn
