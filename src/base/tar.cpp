#include "base/tar.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <optional>

#include "base/error.h"

namespace attn {

namespace {

constexpr std::size_t kBlock = 512;

/// A header block; all numbers are octal text.
struct Header {
  char name[100];
  char mode[8];
  char owner[8];
  char group[8];
  char size[12];
  char modified[12];
  char checksum[8];
  char type;  // '0' or NUL: a plain file; '5': a folder; 'x', 'g': more about what follows (POSIX.1-2001)
  char link[100];
  char magic[6];
  char version[2];
  char owner_name[32];
  char group_name[32];
  char device[16];
  char prefix[155];
  char unused[12];
};
static_assert(sizeof(Header) == kBlock);

template <std::size_t N>
void put_octal(char (&field)[N], std::uint64_t value) {
  for (std::size_t i = N - 1; i-- > 0; value >>= 3) field[i] = static_cast<char>('0' + (value & 7));
  field[N - 1] = '\0';
}

template <std::size_t N>
std::optional<std::uint64_t> octal(const char (&field)[N]) {
  std::uint64_t value = 0;
  bool any = false;
  for (const char c : field) {
    if (c == ' ' && !any) continue;
    if (c == ' ' || c == '\0') break;
    if (c < '0' || c > '7') return std::nullopt;
    value = value << 3 | static_cast<std::uint64_t>(c - '0');
    any = true;
  }
  return any ? std::optional(value) : std::nullopt;
}

template <std::size_t N>
std::string text_of(const char (&field)[N]) {
  return std::string(field, std::find(field, field + N, '\0'));
}

/// The sum of all bytes, those of the checksum itself counted as spaces.
std::uint64_t checksum_of(Header header) {
  std::memset(header.checksum, ' ', sizeof header.checksum);
  std::array<unsigned char, kBlock> bytes;
  std::memcpy(bytes.data(), &header, kBlock);
  std::uint64_t sum = 0;
  for (const unsigned char byte : bytes) sum += byte;
  return sum;
}

std::string name_of(const Header& header) {
  std::string name = text_of(header.name);
  if (std::memcmp(header.magic, "ustar", 6) == 0 && header.prefix[0] != '\0')
    name = text_of(header.prefix) + '/' + name;
  while (name.starts_with("./")) name.erase(0, 2);
  return name;
}

std::size_t padding_after(std::uint64_t size) {
  return static_cast<std::size_t>((kBlock - size % kBlock) % kBlock);
}

}  // namespace

void TarWriter::add(const std::string& name, std::string_view contents) {
  Header header{};
  if (name.size() >= sizeof header.name)
    fail(name, ": is too long for a name in an archive, expected fewer than 100 bytes");
  if (contents.size() >> 33 != 0)
    fail(name, ": has ", contents.size(), " bytes, but a tar archive holds files below 8 GiB");
  std::memcpy(header.name, name.data(), name.size());
  put_octal(header.mode, 0644);
  put_octal(header.owner, 0);
  put_octal(header.group, 0);
  put_octal(header.size, contents.size());
  put_octal(header.modified, 0);
  header.type = '0';
  std::memcpy(header.magic, "ustar", 6);
  std::memcpy(header.version, "00", 2);
  put_octal(header.checksum, checksum_of(header));
  sink_({reinterpret_cast<const char*>(&header), kBlock});
  sink_(contents);
  sink_(std::string(padding_after(contents.size()), '\0'));
}

void TarWriter::finish() {
  sink_(std::string(2 * kBlock, '\0'));
}

TarArchive::TarArchive(const std::string& path) : file_(std::make_shared<MappedFile>(path)) {
  const std::string_view bytes = file_->contents();
  for (std::size_t position = 0; bytes.size() - position >= kBlock;) {
    const std::string_view block = bytes.substr(position, kBlock);
    if (block.find_first_not_of('\0') == std::string_view::npos) return;
    Header header;
    std::memcpy(&header, block.data(), kBlock);
    const auto size = octal(header.size);
    if (octal(header.checksum) != checksum_of(header) || !size) {
      fail(path, ": is no tar archive, or damaged at byte ", position);
    }
    position += kBlock;
    if (*size > bytes.size() - position) {
      fail(path, ": ends within ", name_of(header), ", which should have ", *size, " bytes");
    }
    const auto length = static_cast<std::size_t>(*size);
    if (header.type == '0' || header.type == '\0')
      members_.push_back({name_of(header), bytes.substr(position, length)});
    position += std::min(length + padding_after(length), bytes.size() - position);
  }
  if (members_.empty()) fail(path, ": is no tar archive");
}

const TarArchive::Member* TarArchive::find(std::string_view name) const {
  for (const Member& member : members_) {
    if (member.name == name) return &member;
  }
  return nullptr;
}

}  // namespace attn
