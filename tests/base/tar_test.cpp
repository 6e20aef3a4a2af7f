#include "base/tar.h"

#include <doctest/doctest.h>

#include <string>

#include "base/error.h"
#include "support/temporary_folder.h"

namespace attn {
namespace {

std::string archive(const std::vector<std::pair<std::string, std::string>>& files) {
  std::string bytes;
  TarWriter writer([&](std::string_view part) { bytes += part; });
  for (const auto& [name, contents] : files) writer.add(name, contents);
  writer.finish();
  return bytes;
}

std::string error_of(const std::string& bytes) {
  const TemporaryFolder folder;
  write_file(folder.path("x.tar"), bytes);
  try {
    const TarArchive read(folder.path("x.tar"));
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

bool contains(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

TEST_CASE("tar: what is written reads back, by this program and by tar") {
  const TemporaryFolder folder;
  const std::string large(100000, 'x');
  write_file(
      folder.path("x.tar"),
      archive({{"m/config.json", "{}"}, {"m/empty", ""}, {"m/block", std::string(512, 'b')}, {"m/large", large}}));
  const TarArchive read(folder.path("x.tar"));
  REQUIRE(read.members().size() == 4);
  CHECK(read.find("m/config.json")->contents == "{}");
  CHECK(read.find("m/empty")->contents.empty());
  CHECK(read.find("m/block")->contents == std::string(512, 'b'));
  CHECK(read.find("m/large")->contents == large);
  CHECK(read.find("config.json") == nullptr);
  // The checksum and numbers of one header, byte by byte as POSIX has them.
  const std::string bytes = archive({{"a", "hello"}});
  CHECK(bytes.size() == 4 * 512);
  CHECK(bytes.substr(124, 12) == std::string("00000000005\0", 12));
  CHECK(bytes.substr(257, 8) == std::string("ustar\00000", 8));
}

TEST_CASE("tar: damage is found") {
  const std::string good = archive({{"a", "hello"}, {"b", std::string(600, 'b')}});
  CHECK(error_of(good) == "no error");
  CHECK(contains(error_of(""), "is no tar archive"));
  CHECK(contains(error_of("hello"), "is no tar archive"));
  CHECK(contains(error_of(std::string(512, 'x')), "is no tar archive, or damaged at byte 0"));
  CHECK(contains(error_of(good.substr(0, 512)), "ends within a, which should have 5 bytes"));
  CHECK(contains(error_of(good.substr(0, 1600)), "ends within b"));
  std::string flipped = good;
  flipped[1024] = 'c';
  CHECK(contains(error_of(flipped), "damaged at byte 1024"));
}

TEST_CASE("tar: a name that does not fit is an error") {
  TarWriter writer([](std::string_view) {});
  CHECK_THROWS_AS(writer.add(std::string(100, 'n'), ""), Error);
}

}  // namespace
}  // namespace attn
