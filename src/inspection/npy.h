#pragma once
// NumPy's array files: .npy (format 1.0) and .npz (a zip archive of them, stored without compression).

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/table.h"

namespace attn {

/// What a .npy file of float32 numbers of this shape begins with; the numbers follow as they stand in memory.
std::string npy_float_header(std::span<const std::int64_t> shape);
/// The contents of a .npy file of float32 numbers; `shape`'s product is values.size().
std::string npy_floats(std::span<const std::int64_t> shape, std::span<const float> values);
/// The contents of a .npy file that holds one line of text an element, as NumPy's fixed-width Unicode strings.
/// Invalid UTF-8 becomes U+FFFD.
std::string npy_strings(std::span<const std::string> texts);

/// Writes an .npz archive to a sink.
class NpzWriter {
 public:
  explicit NpzWriter(Sink sink) : sink_(std::move(sink)) {}

  /// Adds the contents of a .npy file as the array `name`. Throws Error above 4 GiB, where plain zip archives end.
  void add(const std::string& name, std::string_view npy);
  /// Writes the directory; the archive is complete then.
  void finish();

 private:
  struct Member {
    std::string name;
    std::uint32_t crc, size, offset;
  };
  void put(std::string_view bytes);

  Sink sink_;
  std::vector<Member> members_;
  std::uint64_t written_ = 0;
};

/// CRC-32 as zip and gzip use it (ISO 3309, reflected polynomial 0xEDB88320).
std::uint32_t crc32(std::string_view bytes);

}  // namespace attn
