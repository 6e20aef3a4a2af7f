#include "text/example_file.h"

#include <algorithm>

#include "base/error.h"

namespace attn {

namespace {

constexpr std::uint32_t kMostFields = 16;

std::string lengths_path(const std::string& path) {
  return path + ".lengths";
}

}  // namespace

ExampleFileWriter::ExampleFileWriter(const std::string& path, int fields, int vocabulary)
    : ids_(path, vocabulary), lengths_(lengths_path(path)), fields_(static_cast<std::size_t>(fields)) {
  const auto count = static_cast<std::uint32_t>(fields);
  if (fields < 1 || count > kMostFields) fail("examples of ", fields, " fields, expected 1 to ", kMostFields);
  lengths_.write(&count, sizeof count);
}

void ExampleFileWriter::add(std::span<const std::vector<std::int32_t>> fields) {
  if (fields.size() != fields_) fail("an example has ", fields.size(), " fields, expected ", fields_);
  for (const std::vector<std::int32_t>& ids : fields) {
    const auto length = static_cast<std::uint32_t>(ids.size());
    lengths_.write(&length, sizeof length);
    ids_.append(ids);
  }
  ++examples_;
}

void ExampleFileWriter::commit() {
  ids_.commit();
  lengths_.commit();
}

ExampleFile::ExampleFile(const std::string& path, int vocabulary) : ids_(path, vocabulary) {
  const RandomAccessFile file(lengths_path(path));
  constexpr std::size_t kWidth = sizeof(std::uint32_t);
  std::uint32_t fields = 0;
  file.read(0, &fields, kWidth);
  if (fields == 0 || fields > kMostFields || (file.size() - kWidth) % (kWidth * fields) != 0) {
    fail(file.path(), ": ", file.size(), " bytes are no lengths of examples with ", fields, " fields");
  }
  fields_ = static_cast<int>(fields);
  lengths_.resize((file.size() - kWidth) / kWidth);
  file.read(kWidth, lengths_.data(), lengths_.size() * kWidth);

  totals_.assign(fields, 0);
  longest_.assign(fields, 0);
  begins_.reserve(lengths_.size() / fields + 1);
  begins_.push_back(0);
  for (std::size_t i = 0; i < lengths_.size(); i += fields) {
    std::int64_t end = begins_.back();
    for (std::size_t f = 0; f < fields; ++f) {
      const std::int64_t length = lengths_[i + f];
      end += length;
      totals_[f] += length;
      longest_[f] = std::max(longest_[f], length);
    }
    begins_.push_back(end);
  }
  if (total() != ids_.size()) fail(path, ": holds ", ids_.size(), " ids, expected ", total(), " by ", file.path());
}

std::int64_t ExampleFile::tokens(std::int64_t example) const {
  const auto i = static_cast<std::size_t>(example);
  return begins_[i + 1] - begins_[i];
}

void ExampleFile::read(std::int64_t example, int field, std::int32_t* out) const {
  std::int64_t position = begins_[static_cast<std::size_t>(example)];
  for (int f = 0; f < field; ++f) position += length(example, f);
  ids_.read(position, length(example, field), out);
}

void ExampleFile::read(std::int64_t example, std::int32_t* out) const {
  ids_.read(begins_[static_cast<std::size_t>(example)], tokens(example), out);
}

}  // namespace attn
