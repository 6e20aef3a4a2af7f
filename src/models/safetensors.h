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
#include "base/json.h"

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
  /// The same for `contents`, a part of a mapped file; `path` is what messages call it.
  SafetensorsFile(std::shared_ptr<const MappedFile> file, std::string_view contents, std::string path);

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
  void parse_metadata(const Json& metadata);
  void add_entry(const std::string& name, const Json& description);
  void check_tiling();
  void read_bytes(std::string_view name, std::string_view dtype, std::span<std::byte> out) const;

  std::string path_;
  std::shared_ptr<const MappedFile> file_;
  std::string_view data_;  // what follows the header
  std::map<std::string, std::string> metadata_;
  std::vector<TensorEntry> tensors_;
  std::map<std::string, std::size_t, std::less<>> index_;  // name -> place in tensors_
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

}  // namespace attn
