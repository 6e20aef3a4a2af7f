#include "inspection/npy.h"

#include <doctest/doctest.h>

#include <cstring>
#include <string>
#include <vector>

#include "inspection/attention_arrays.h"

namespace attn {
namespace {

/// The dictionary of a .npy file, and what follows it.
struct Npy {
  std::string header, data;
};

Npy parse(const std::string& file) {
  REQUIRE(file.substr(0, 8) == std::string("\x93NUMPY\x01\x00", 8));
  const std::size_t length = static_cast<unsigned char>(file[8]) + 256u * static_cast<unsigned char>(file[9]);
  REQUIRE((10 + length) % 64 == 0);
  REQUIRE(file[10 + length - 1] == '\n');
  std::string header = file.substr(10, length - 1);
  header.erase(header.find_last_not_of(' ') + 1);
  return {header, file.substr(10 + length)};
}

std::vector<float> floats(const std::string& data) {
  std::vector<float> values(data.size() / 4);
  std::memcpy(values.data(), data.data(), data.size());
  return values;
}

std::uint32_t number_at(const std::string& bytes, std::size_t place, std::size_t size) {
  std::uint32_t value = 0;
  std::memcpy(&value, bytes.data() + place, size);
  return value;
}

AttentionRecord record_of(int layer, float first) {
  AttentionRecord record;
  record.layer = layer;
  record.heads = 2;
  record.queries = 1;
  record.keys = 3;
  for (int i = 0; i < 6; ++i) record.weights.push_back(first + static_cast<float>(i));
  return record;
}

}  // namespace

TEST_CASE("npy: floats with their shape") {
  const std::int64_t shape[] = {2, 3};
  const std::vector<float> values = {1, 2, 3, 4, 5, 6.5f};
  const Npy npy = parse(npy_floats(shape, values));
  CHECK(npy.header == "{'descr': '<f4', 'fortran_order': False, 'shape': (2,3,), }");
  CHECK(floats(npy.data) == values);
}

TEST_CASE("npy: texts are padded code points") {
  const std::vector<std::string> texts = {"a", "é\xF0\x9F\x98\x80x", "\xFF"};
  const Npy npy = parse(npy_strings(texts));
  CHECK(npy.header == "{'descr': '<U3', 'fortran_order': False, 'shape': (3,), }");
  REQUIRE(npy.data.size() == 3 * 3 * 4);
  CHECK(number_at(npy.data, 0, 4) == 'a');
  CHECK(number_at(npy.data, 4, 4) == 0);
  CHECK(number_at(npy.data, 12, 4) == 0xE9);
  CHECK(number_at(npy.data, 16, 4) == 0x1F600);
  CHECK(number_at(npy.data, 24, 4) == 0xFFFD);
}

TEST_CASE("npz: checksum") {
  CHECK(crc32("") == 0);
  CHECK(crc32("123456789") == 0xCBF43926u);
  CHECK(crc32("The quick brown fox jumps over the lazy dog") == 0x414FA339u);
}

TEST_CASE("npz: the directory finds every member") {
  std::string archive;
  NpzWriter writer([&archive](std::string_view bytes) { archive += bytes; });
  const std::vector<std::string> contents = {"first contents", "second"};
  writer.add("one", contents[0]);
  writer.add("two", contents[1]);
  writer.finish();
  const std::size_t end = archive.size() - 22;
  REQUIRE(number_at(archive, end, 4) == 0x06054B50);
  CHECK(number_at(archive, end + 10, 2) == 2);
  std::size_t entry = number_at(archive, end + 16, 4);
  CHECK(entry + number_at(archive, end + 12, 4) == end);
  for (const std::string& expected : contents) {
    REQUIRE(number_at(archive, entry, 4) == 0x02014B50);
    CHECK(number_at(archive, entry + 16, 4) == crc32(expected));
    CHECK(number_at(archive, entry + 24, 4) == expected.size());
    const std::size_t local = number_at(archive, entry + 42, 4);
    REQUIRE(number_at(archive, local, 4) == 0x04034B50);
    CHECK(archive.substr(local + 30, 7) == archive.substr(entry + 46, 7));
    CHECK(archive.substr(local + 37, expected.size()) == expected);
    entry += 46 + number_at(archive, entry + 28, 2);
  }
}

TEST_CASE("npy: attention is (layer, head, query, key) of what was selected") {
  const std::vector<AttentionRecord> records = {record_of(0, 10), record_of(1, 20), record_of(2, 30)};
  const Npy all = parse(attention_npy({}, AttentionKind::decoder, records));
  CHECK(all.header.find("'shape': (3,2,1,3,)") != std::string::npos);
  CHECK(floats(all.data).size() == 18);
  AttentionSelection selection;
  selection.layers = {1, 2};
  selection.heads = {1};
  const Npy some = parse(attention_npy(selection, AttentionKind::decoder, records));
  CHECK(some.header.find("'shape': (2,1,1,3,)") != std::string::npos);
  CHECK(floats(some.data) == std::vector<float>{23, 24, 25, 33, 34, 35});
  CHECK(parse(attention_npy({}, AttentionKind::cross, records)).data.empty());
}

TEST_CASE("npz: attention comes with its tokens") {
  std::string archive;
  AttentionArchive writer({}, [&archive](std::string_view bytes) { archive += bytes; });
  AttentionRecord decoder = record_of(0, 0), cross = record_of(0, 0);
  cross.kind = AttentionKind::cross;
  writer.add(4, {{decoder, cross}, {"x"}, {"a", "b", "c"}});
  writer.add(5, {{decoder}, {}, {"a", "b", "c"}});
  writer.finish();
  for (const char* name : {"text4_decoder.npy", "text4_cross.npy", "text4_source_tokens.npy", "text4_target_tokens.npy",
                           "text5_decoder.npy", "text5_tokens.npy"}) {
    CHECK(archive.find(name) != std::string::npos);
  }
}

}  // namespace attn
