#include "text/token_file.h"

#include <algorithm>
#include <cstring>

#include "base/error.h"

namespace attn {

void TokenFileWriter::append(std::span<const std::int32_t> ids) {
  for (const std::int32_t id : ids) {
    const auto narrow = static_cast<std::uint16_t>(id);
    if (bytes_ == 2) {
      file_.write(&narrow, sizeof narrow);
    } else {
      file_.write(&id, sizeof id);
    }
  }
  size_ += static_cast<std::int64_t>(ids.size());
}

TokenFile::TokenFile(const std::string& path, int vocabulary)
    : file_(path), vocabulary_(vocabulary), bytes_(token_bytes(vocabulary)) {
  const auto width = static_cast<std::uint64_t>(bytes_);
  if (file_.size() % width != 0) fail(path, ": ", file_.size(), " bytes are no whole number of ", bytes_, "-byte ids");
  size_ = static_cast<std::int64_t>(file_.size() / width);
}

void TokenFile::read(std::int64_t position, std::int64_t count, std::int32_t* out) const {
  const auto width = static_cast<std::size_t>(bytes_);
  const std::size_t bytes = static_cast<std::size_t>(count) * width;
  // Narrow ids are read into the end of `out` and widened from its front; the front never catches up with them.
  auto* raw = reinterpret_cast<unsigned char*>(out) + static_cast<std::size_t>(count) * sizeof *out - bytes;
  file_.read(static_cast<std::uint64_t>(position) * width, raw, bytes);
  for (std::int64_t i = 0; i < count; ++i) {
    if (bytes_ == 2) {
      std::uint16_t narrow;
      std::memcpy(&narrow, raw + 2 * i, sizeof narrow);
      out[i] = narrow;
    }
    if (out[i] < 0 || out[i] >= vocabulary_) {
      fail(file_.path(), ": id ", out[i], " at position ", position + i, " is outside the vocabulary of ", vocabulary_);
    }
  }
}

}  // namespace attn
