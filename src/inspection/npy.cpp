#include "inspection/npy.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>

#include "base/error.h"
#include "base/utf8.h"

namespace attn {
namespace {

static_assert(std::endian::native == std::endian::little, "arrays are written as they stand in memory");

/// Magic string, version, length of the dictionary, the dictionary, spaces up to a multiple of 64, a line feed.
std::string npy_header(const std::string& type, std::span<const std::int64_t> shape) {
  std::string dictionary = "{'descr': '" + type + "', 'fortran_order': False, 'shape': (";
  for (const std::int64_t size : shape) dictionary += std::to_string(size) + ",";
  dictionary += "), }";
  constexpr std::size_t kPrefix = 10;
  const std::size_t used = kPrefix + dictionary.size() + 1;
  dictionary.append((64 - used % 64) % 64, ' ');
  dictionary += '\n';
  std::string header("\x93NUMPY\x01\x00", 8);
  header += static_cast<char>(dictionary.size() & 0xFF);
  header += static_cast<char>(dictionary.size() >> 8);
  return header + dictionary;
}

/// Table for eight bytes at a time ("slicing by 8", Kounavis and Berry 2005).
using CrcTables = std::array<std::array<std::uint32_t, 256>, 8>;

constexpr CrcTables make_crc_tables() {
  CrcTables tables{};
  for (std::uint32_t byte = 0; byte < 256; ++byte) {
    std::uint32_t value = byte;
    for (int bit = 0; bit < 8; ++bit) value = (value & 1) != 0 ? (value >> 1) ^ 0xEDB88320u : value >> 1;
    tables[0][byte] = value;
  }
  for (std::size_t slice = 1; slice < 8; ++slice) {
    for (std::size_t byte = 0; byte < 256; ++byte) {
      const std::uint32_t before = tables[slice - 1][byte];
      tables[slice][byte] = (before >> 8) ^ tables[0][before & 0xFF];
    }
  }
  return tables;
}

constexpr CrcTables kCrcTables = make_crc_tables();

/// Little-endian numbers of a zip record.
class Record {
 public:
  Record& u16(std::uint32_t value) { return number(value, 2); }
  Record& u32(std::uint32_t value) { return number(value, 4); }
  const std::string& bytes() const { return bytes_; }

 private:
  Record& number(std::uint32_t value, int size) {
    for (int i = 0; i < size; ++i) bytes_ += static_cast<char>((value >> (8 * i)) & 0xFF);
    return *this;
  }
  std::string bytes_;
};

constexpr std::uint32_t kVersionNeeded = 20;
constexpr std::uint32_t kDosDate = (0u << 9) | (1u << 5) | 1u;  // 1980-01-01: archives of equal data are equal

}  // namespace

std::uint32_t crc32(std::string_view bytes) {
  std::uint32_t crc = 0xFFFFFFFFu;
  std::size_t i = 0;
  for (; i + 8 <= bytes.size(); i += 8) {
    std::uint64_t word;
    std::memcpy(&word, bytes.data() + i, 8);
    word ^= crc;
    crc = 0;
    for (std::size_t byte = 0; byte < 8; ++byte) crc ^= kCrcTables[7 - byte][(word >> (8 * byte)) & 0xFF];
  }
  for (; i < bytes.size(); ++i) {
    crc = (crc >> 8) ^ kCrcTables[0][(crc ^ static_cast<unsigned char>(bytes[i])) & 0xFF];
  }
  return ~crc;
}

std::string npy_float_header(std::span<const std::int64_t> shape) {
  return npy_header("<f4", shape);
}

std::string npy_floats(std::span<const std::int64_t> shape, std::span<const float> values) {
  const std::string header = npy_float_header(shape);
  std::string file(header.size() + values.size_bytes(), '\0');
  std::memcpy(file.data(), header.data(), header.size());
  if (!values.empty()) std::memcpy(file.data() + header.size(), values.data(), values.size_bytes());
  return file;
}

std::string npy_strings(std::span<const std::string> texts) {
  std::vector<std::u32string> lines;
  std::size_t width = 1;
  for (const std::string& text : texts) {
    std::u32string& line = lines.emplace_back();
    for (std::size_t i = 0; i < text.size();) {
      const CodePoint point = decode_utf8(text, i);
      line += point.bytes == 0 ? U'\uFFFD' : point.value;
      i += static_cast<std::size_t>(std::max(point.bytes, 1));
    }
    width = std::max(width, line.size());
  }
  const std::int64_t shape[] = {static_cast<std::int64_t>(texts.size())};
  std::string file = npy_header("<U" + std::to_string(width), shape);
  for (std::u32string& line : lines) {
    line.resize(width, U'\0');
    file.append(reinterpret_cast<const char*>(line.data()), 4 * width);
  }
  return file;
}

void NpzWriter::put(std::string_view bytes) {
  sink_(bytes);
  written_ += bytes.size();
}

void NpzWriter::add(const std::string& name, std::string_view npy) {
  constexpr std::uint64_t kLimit = 0xFFFFFFFFu;
  if (npy.size() >= kLimit || written_ + npy.size() >= kLimit || members_.size() >= 0xFFFF) {
    fail("array ", name, " makes the .npz archive larger than 4 GiB; choose fewer layers, heads or texts, or .npy");
  }
  const std::uint32_t size = static_cast<std::uint32_t>(npy.size());
  members_.push_back({name + ".npy", crc32(npy), size, static_cast<std::uint32_t>(written_)});
  const Member& member = members_.back();
  Record local;
  local.u32(0x04034B50).u16(kVersionNeeded).u16(0).u16(0).u16(0).u16(kDosDate);
  local.u32(member.crc).u32(size).u32(size).u16(static_cast<std::uint32_t>(member.name.size())).u16(0);
  put(local.bytes());
  put(member.name);
  put(npy);
}

void NpzWriter::finish() {
  const std::uint64_t begin = written_;
  for (const Member& member : members_) {
    Record entry;
    entry.u32(0x02014B50).u16(kVersionNeeded).u16(kVersionNeeded).u16(0).u16(0).u16(0).u16(kDosDate);
    entry.u32(member.crc).u32(member.size).u32(member.size);
    entry.u16(static_cast<std::uint32_t>(member.name.size())).u16(0).u16(0).u16(0).u16(0).u32(0).u32(member.offset);
    put(entry.bytes());
    put(member.name);
  }
  const std::uint32_t count = static_cast<std::uint32_t>(members_.size());
  Record end;
  end.u32(0x06054B50).u16(0).u16(0).u16(count).u16(count);
  end.u32(static_cast<std::uint32_t>(written_ - begin)).u32(static_cast<std::uint32_t>(begin)).u16(0);
  put(end.bytes());
}

}  // namespace attn
