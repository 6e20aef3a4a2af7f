#include "base/file.h"

#include <doctest/doctest.h>
#include <unistd.h>

#include <filesystem>
#include <vector>

#include "base/error.h"
#include "base/sha256.h"

namespace attn {
namespace {

namespace fs = std::filesystem;

/// An empty directory that is removed with everything in it.
struct TemporaryDirectory {
  std::string path = (fs::temp_directory_path() / ("attn-file-test-" + std::to_string(::getpid()))).string();
  TemporaryDirectory() { fs::create_directories(path); }
  ~TemporaryDirectory() { fs::remove_all(path); }
  std::size_t entries() const {
    return static_cast<std::size_t>(std::distance(fs::directory_iterator(path), fs::directory_iterator()));
  }
};

TEST_CASE("file: what is written is read back, whole, streamed, by position and mapped") {
  const TemporaryDirectory directory;
  const std::string path = directory.path + "/a";
  std::string contents;
  for (int i = 0; contents.size() < 3'000'000; ++i) contents += std::to_string(i) + '\0';
  write_file(path, contents);
  CHECK(read_file(path) == contents);
  CHECK(MappedFile(path).contents() == contents);

  std::string streamed;
  FileReader reader(path);
  std::vector<char> buffer(100'003);
  while (const std::size_t got = reader.read(buffer)) streamed.append(buffer.data(), got);
  CHECK(streamed == contents);

  const RandomAccessFile file(path);
  CHECK(file.size() == contents.size());
  std::string piece(1000, ' ');
  file.read(1'234'567, piece.data(), piece.size());
  CHECK(piece == contents.substr(1'234'567, 1000));
  CHECK_THROWS_AS(file.read(contents.size() - 999, piece.data(), 1000), Error);
}

TEST_CASE("file: an empty file") {
  const TemporaryDirectory directory;
  const std::string path = directory.path + "/empty";
  write_file(path, "");
  CHECK(read_file(path).empty());
  CHECK(MappedFile(path).contents().empty());
  CHECK(RandomAccessFile(path).size() == 0);
}

TEST_CASE("file: errors name the path and what is wrong") {
  const TemporaryDirectory directory;
  const std::string missing = directory.path + "/missing";
  CHECK_THROWS_WITH(read_file(missing), (missing + ": no such file").c_str());
  CHECK_THROWS_WITH(MappedFile{missing}, (missing + ": no such file").c_str());
  CHECK_THROWS_WITH(read_file(directory.path), (directory.path + " is a directory, expected a file").c_str());
  CHECK_THROWS_WITH(write_file(directory.path, "x"), (directory.path + " is a directory, expected a file").c_str());
  const std::string nowhere = directory.path + "/no/such/place";
  CHECK_THROWS_WITH(write_file(nowhere, "x"), (nowhere + ": its directory does not exist").c_str());
  CHECK_THROWS_AS(RandomAccessFile("/dev/null"), Error);
}

TEST_CASE("file: atomic writing leaves the old file or the new one, and no temporary file") {
  const TemporaryDirectory directory;
  const std::string path = directory.path + "/a";
  write_file(path, "old");
  {
    AtomicFile abandoned(path);
    abandoned.write("new");
    CHECK(read_file(path) == "old");
  }
  CHECK(read_file(path) == "old");
  CHECK(directory.entries() == 1);
  {
    AtomicFile first(path);
    AtomicFile second(path);
    first.write("first");
    second.write("second");
    first.commit();
    CHECK(read_file(path) == "first");
    second.commit();
    CHECK(read_file(path) == "second");
  }
  CHECK(directory.entries() == 1);
  write_file("/dev/null", "goes nowhere, but is no error");
}

TEST_CASE("file: directories are made with their parents") {
  const TemporaryDirectory directory;
  make_directories(directory.path + "/a/b/c");
  make_directories(directory.path + "/a/b/c");
  CHECK(fs::is_directory(directory.path + "/a/b/c"));
  write_file(directory.path + "/file", "");
  CHECK_THROWS_AS(make_directories(directory.path + "/file"), Error);
  CHECK_THROWS_AS(make_directories(directory.path + "/file/below"), Error);
}

TEST_CASE("sha256: the standard's examples, in one piece and in many") {
  CHECK(sha256("") == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  CHECK(sha256("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  CHECK(sha256("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq") ==
        "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
  CHECK(sha256(std::string(1'000'000, 'a')) == "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
  const std::string text(1000, 'x');
  for (std::size_t piece = 1; piece < 150; ++piece) {
    Sha256 hash;
    for (std::size_t i = 0; i < text.size(); i += piece) hash.update(std::string_view(text).substr(i, piece));
    CHECK(hash.finish() == sha256(text));
  }
}

}  // namespace
}  // namespace attn
