#include "models/safetensors.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>

#include "base/error.h"
#include "models/half.h"

namespace attn {
namespace {

static_assert(std::endian::native == std::endian::little, "numbers are read and written as they stand in memory");

/// The header's length comes first, as a little-endian 64-bit number.
constexpr std::size_t kLengthBytes = 8;
/// The format's own limit.
constexpr std::uint64_t kLargestHeader = 100'000'000;

struct TypeSize {
  std::string_view dtype;
  std::uint64_t bits;
};

constexpr TypeSize kTypes[] = {
    {"F64", 64},    {"F32", 32},    {"F16", 16},    {"BF16", 16},       {"I64", 64},        {"I32", 32},
    {"I16", 16},    {"I8", 8},      {"U64", 64},    {"U32", 32},        {"U16", 16},        {"U8", 8},
    {"BOOL", 8},    {"F8_E4M3", 8}, {"F8_E5M2", 8}, {"F8_E8M0", 8},     {"F4", 4},          {"C64", 64},
    {"F6_E2M3", 6}, {"F6_E3M2", 6}, {"C128", 128},  {"F8_E4M3FNUZ", 8}, {"F8_E5M2FNUZ", 8},
};

/// Bits of one number; nothing if the type is unknown, which matters only if somebody reads the array.
std::optional<std::uint64_t> bits_of(std::string_view dtype) {
  for (const TypeSize& type : kTypes) {
    if (type.dtype == dtype) return type.bits;
  }
  return std::nullopt;
}

/// a·b, or nothing if that exceeds 63 bits; both are not negative.
std::optional<std::uint64_t> product(std::uint64_t a, std::uint64_t b) {
  constexpr std::uint64_t kLimit = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
  if (a != 0 && b > kLimit / a) return std::nullopt;
  return a * b;
}

/// Numbers of an array; nothing if they are too many to count.
std::optional<std::uint64_t> count_of(const std::vector<std::int64_t>& shape) {
  std::optional<std::uint64_t> count = 1;
  for (const std::int64_t size : shape) {
    if (size == 0) return 0;
  }
  for (const std::int64_t size : shape) {
    if (count) count = product(*count, static_cast<std::uint64_t>(size));
  }
  return count;
}

template <class Number>
Number number_at(std::span<const std::byte> bytes, std::size_t index) {
  Number number;
  std::memcpy(&number, bytes.data() + index * sizeof(Number), sizeof(Number));
  return number;
}

template <class Number, class Convert>
void convert_numbers(std::span<const std::byte> bytes, std::span<float> out, Convert convert) {
  for (std::size_t i = 0; i < out.size(); ++i) out[i] = convert(number_at<Number>(bytes, i));
}

std::string pad_header(std::string header) {
  header.append((8 - header.size() % 8) % 8, ' ');
  return header;
}

std::uint64_t size_of(const OutgoingTensor& tensor) {
  return count_of(tensor.shape).value() * bits_of(tensor.dtype).value() / 8;
}

std::string make_header(const std::map<std::string, std::string>& metadata, std::span<const OutgoingTensor> tensors) {
  Json header = Json::object();
  if (!metadata.empty()) {
    Json strings = Json::object();
    for (const auto& [key, value] : metadata) strings.append(key, value);
    header.append("__metadata__", std::move(strings));
  }
  std::uint64_t offset = 0;
  for (const OutgoingTensor& tensor : tensors) {
    const std::uint64_t end = offset + size_of(tensor);
    Json shape = Json::array();
    for (const std::int64_t size : tensor.shape) shape.push_back(static_cast<long long>(size));
    Json entry = Json::object();
    entry.append("dtype", tensor.dtype).append("shape", std::move(shape));
    entry.append("data_offsets", Json::Array{Json(offset), Json(end)});
    header.append(tensor.name, std::move(entry));
    offset = end;
  }
  return pad_header(write_json(header));
}

}  // namespace

std::int64_t TensorEntry::count() const {
  return static_cast<std::int64_t>(*count_of(shape));
}

std::string describe(const TensorEntry& entry) {
  std::string text = entry.dtype + " (";
  for (std::size_t i = 0; i < entry.shape.size(); ++i) text += (i > 0 ? ", " : "") + std::to_string(entry.shape[i]);
  return text + ")";
}

SafetensorsFile::SafetensorsFile(const std::string& path)
    : SafetensorsFile(std::make_shared<const MappedFile>(path), {}, path) {}

SafetensorsFile::SafetensorsFile(std::shared_ptr<const MappedFile> file, std::string_view contents, std::string path)
    : path_(std::move(path)), file_(std::move(file)) {
  if (contents.data() == nullptr) contents = file_->contents();
  if (contents.size() < kLengthBytes) {
    fail(path_, ": the file has ", contents.size(), " bytes, expected a safetensors file");
  }
  std::uint64_t length;
  std::memcpy(&length, contents.data(), kLengthBytes);
  if (length > kLargestHeader) {
    fail(path_, ": the header claims ", length, " bytes, expected at most ", kLargestHeader, " in a safetensors file");
  }
  if (length > contents.size() - kLengthBytes) {
    fail(path_, ": the header claims ", length, " bytes, but only ", contents.size() - kLengthBytes, " follow");
  }
  data_ = contents.substr(kLengthBytes + length);
  parse_header(contents.substr(kLengthBytes, length));
  check_tiling();
}

void SafetensorsFile::parse_header(std::string_view header) {
  const std::string where = path_ + " (header)";
  if (!header.starts_with('{')) fail(where, ": expected the header to begin with {");
  const Json parsed = parse_json(header, where);
  for (const auto& [name, description] : parsed.as_object(where)) {
    if (name == "__metadata__") {
      parse_metadata(description);
    } else {
      add_entry(name, description);
    }
  }
  std::stable_sort(tensors_.begin(), tensors_.end(), [](const TensorEntry& a, const TensorEntry& b) {
    return std::pair(a.begin, a.end) < std::pair(b.begin, b.end);
  });
  for (std::size_t i = 0; i < tensors_.size(); ++i) {
    if (!index_.emplace(tensors_[i].name, i).second) {
      fail(path_, ": tensor ", tensors_[i].name, " appears twice in the header");
    }
  }
}

void SafetensorsFile::parse_metadata(const Json& metadata) {
  const std::string where = path_ + ": __metadata__";
  if (!metadata_.empty()) fail(where, " appears twice in the header");
  for (const auto& [key, value] : metadata.as_object(where)) {
    if (!metadata_.emplace(key, value.as_string(where + "." + key)).second) fail(where, ": ", key, " appears twice");
  }
}

void SafetensorsFile::add_entry(const std::string& name, const Json& description) {
  const std::string where = path_ + ": tensor " + name;
  if (description.as_object(where).size() != 3) fail(where, ": expected dtype, shape and data_offsets, each once");
  TensorEntry entry{name, description.at("dtype", where).as_string(where + ", dtype"), {}, 0, 0};
  for (const Json& size : description.at("shape", where).as_array(where + ", shape")) {
    entry.shape.push_back(size.as_int(where + ", shape"));
    if (entry.shape.back() < 0) fail(where, ": its shape holds ", entry.shape.back(), ", expected no negative size");
  }
  const Json::Array& offsets = description.at("data_offsets", where).as_array(where + ", data_offsets");
  if (offsets.size() != 2) fail(where, ": data_offsets holds ", offsets.size(), " numbers, expected 2");
  entry.begin = offsets[0].as_uint(where + ", data_offsets");
  entry.end = offsets[1].as_uint(where + ", data_offsets");
  if (entry.begin > entry.end || entry.end > data_.size()) {
    fail(where, ": data_offsets are ", entry.begin, " to ", entry.end, ", expected a range within the ", data_.size(),
         " bytes of data");
  }
  const std::optional<std::uint64_t> bits = bits_of(entry.dtype);
  const std::optional<std::uint64_t> count = count_of(entry.shape);
  const std::optional<std::uint64_t> size = count ? product(*count, bits.value_or(1)) : std::nullopt;
  if (!size || (bits && (*size % 8 != 0 || *size / 8 != entry.end - entry.begin))) {
    fail(where, ": data_offsets span ", entry.end - entry.begin, " bytes, which is not the size of ",
         attn::describe(entry));
  }
  tensors_.push_back(std::move(entry));
}

/// Every byte of data belongs to exactly one tensor.
void SafetensorsFile::check_tiling() {
  std::uint64_t expected = 0;
  for (const TensorEntry& entry : tensors_) {
    if (entry.begin != expected) {
      fail(path_, ": tensor ", entry.name, " begins at byte ", entry.begin, " of the data, expected ", expected,
           ", where the one before it ends");
    }
    expected = entry.end;
  }
  if (expected != data_.size()) {
    fail(path_, ": the tensors end at byte ", expected, " of the data, but the file holds ", data_.size());
  }
}

const TensorEntry* SafetensorsFile::find(std::string_view name) const {
  const auto found = index_.find(name);
  return found == index_.end() ? nullptr : &tensors_[found->second];
}

std::span<const std::byte> SafetensorsFile::bytes(const TensorEntry& entry) const {
  return std::as_bytes(std::span(data_.substr(entry.begin, entry.end - entry.begin)));
}

void SafetensorsFile::read_floats(const TensorEntry& entry, std::span<float> out) const {
  const std::span<const std::byte> from = bytes(entry);
  if (static_cast<std::int64_t>(out.size()) != entry.count()) {
    fail(path_, ": tensor ", entry.name, " is ", attn::describe(entry), ", expected ", out.size(), " numbers");
  }
  if (entry.dtype == "F32") {
    if (!out.empty()) std::memcpy(out.data(), from.data(), out.size_bytes());
  } else if (entry.dtype == "F64") {
    convert_numbers<double>(from, out, [](double number) { return static_cast<float>(number); });
  } else if (entry.dtype == "F16") {
    convert_numbers<std::uint16_t>(from, out, float_from_half);
  } else if (entry.dtype == "BF16") {
    convert_numbers<std::uint16_t>(from, out, float_from_bfloat16);
  } else {
    fail(path_, ": tensor ", entry.name, " is of type ", entry.dtype, ", expected F32, F16, BF16 or F64");
  }
  const auto bad = std::find_if(out.begin(), out.end(), [](float number) { return !std::isfinite(number); });
  if (bad != out.end()) {
    fail(path_, ": tensor ", entry.name, " holds ", *bad, " as number ", bad - out.begin(),
         ", expected finite numbers");
  }
}

void SafetensorsFile::read_bytes(std::string_view name, std::string_view dtype, std::span<std::byte> out) const {
  const TensorEntry* entry = find(name);
  if (entry == nullptr) fail(path_, ": tensor ", name, " is missing");
  if (entry->dtype != dtype || entry->end - entry->begin != out.size()) {
    fail(path_, ": tensor ", name, " is ", attn::describe(*entry), ", expected ", out.size(), " bytes of ", dtype);
  }
  if (!out.empty()) std::memcpy(out.data(), bytes(*entry).data(), out.size());
}

void write_safetensors(const std::string& path, const std::map<std::string, std::string>& metadata,
                       std::span<const OutgoingTensor> tensors) {
  AtomicFile file(path);
  const std::string header = make_header(metadata, tensors);
  const std::uint64_t length = header.size();
  file.write(&length, kLengthBytes);
  file.write(header);
  for (const OutgoingTensor& tensor : tensors) {
    std::uint64_t missing = size_of(tensor);
    tensor.write([&](std::span<const std::byte> bytes) {
      file.write(bytes.data(), bytes.size());
      missing -= bytes.size();
    });
    if (missing != 0) fail(path, ": tensor ", tensor.name, " was not written in the size of its shape");
  }
  file.commit();
}

}  // namespace attn
