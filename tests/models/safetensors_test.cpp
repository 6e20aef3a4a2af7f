#include "models/safetensors.h"

#include <doctest/doctest.h>

#include <cmath>
#include <cstring>
#include <filesystem>
#include <limits>
#include <vector>

#include "../support/temporary_folder.h"
#include "base/error.h"
#include "base/random.h"
#include "models/half.h"

namespace attn {
namespace {

std::string with_length(const std::string& header, std::uint64_t length) {
  std::string file(8, '\0');
  std::memcpy(file.data(), &length, 8);
  return file + header;
}

std::string safetensors(const std::string& header, std::size_t data_bytes) {
  return with_length(header, header.size()) + std::string(data_bytes, '\x01');
}

/// The message that opening these bytes as a file throws; empty if it throws none.
std::string error_of(const TemporaryFolder& folder, const std::string& contents) {
  const std::string path = folder.path("x.safetensors");
  write_quickly(path, contents);
  try {
    const SafetensorsFile file(path);
    for (const TensorEntry& entry : file.tensors()) {
      CHECK(file.bytes(entry).size() <= contents.size());
      if (entry.dtype != "F32") continue;
      std::vector<float> values(static_cast<std::size_t>(entry.count()));
      file.read_floats(entry, values);
    }
  } catch (const Error& error) {
    CHECK(std::string(error.what()).find(path) != std::string::npos);
    return error.what();
  }
  return "";
}

bool refused(const TemporaryFolder& folder, const std::string& header, std::size_t data_bytes, const char* reason) {
  const std::string message = error_of(folder, safetensors(header, data_bytes));
  INFO(message);
  return message.find(reason) != std::string::npos;
}

std::string example_file(const TemporaryFolder& folder) {
  const std::string path = folder.path("example.safetensors");
  const std::vector<float> weights = {1, -2.5f, 3e-20f, 4, 5, 6};
  const std::vector<std::int64_t> steps = {1, -7};
  const std::vector<double> loss = {0.1};
  const std::vector<std::uint64_t> counters = {~std::uint64_t{0}};
  write_safetensors(path, {{"format", "pt"}, {"note", "line\n\"quoted\""}},
                    std::vector<OutgoingTensor>{outgoing("weights", "F32", {2, 3}, std::span(weights)),
                                                outgoing("steps", "I64", {2}, std::span(steps)),
                                                outgoing("empty", "F32", {0, 3}, std::span<const float>()),
                                                outgoing("loss", "F64", {}, std::span(loss)),
                                                outgoing("counters", "U64", {1}, std::span(counters))});
  return path;
}

}  // namespace

TEST_CASE("safetensors: what was written reads back") {
  const TemporaryFolder folder;
  const SafetensorsFile file(example_file(folder));
  CHECK(file.metadata() == std::map<std::string, std::string>{{"format", "pt"}, {"note", "line\n\"quoted\""}});
  REQUIRE(file.tensors().size() == 5);
  const TensorEntry* weights = file.find("weights");
  REQUIRE(weights != nullptr);
  CHECK(describe(*weights) == "F32 (2, 3)");
  std::vector<float> values(6);
  file.read_floats(*weights, values);
  CHECK(values == std::vector<float>{1, -2.5f, 3e-20f, 4, 5, 6});
  std::vector<std::int64_t> steps(2);
  file.read_exactly("steps", "I64", std::span(steps));
  CHECK(steps == std::vector<std::int64_t>{1, -7});
  std::vector<double> loss(1);
  file.read_exactly("loss", "F64", std::span(loss));
  CHECK(loss[0] == 0.1);
  std::vector<std::uint64_t> counters(1);
  file.read_exactly("counters", "U64", std::span(counters));
  CHECK(counters[0] == ~std::uint64_t{0});
  CHECK(file.find("empty")->count() == 0);
  CHECK(file.find("nothing") == nullptr);
  CHECK_THROWS_AS(file.read_exactly("steps", "F64", std::span(loss)), Error);
  CHECK_THROWS_AS(file.read_exactly("loss", "F64", std::span<double>()), Error);
  CHECK_THROWS_AS(file.read_exactly("nothing", "F64", std::span(loss)), Error);
}

TEST_CASE("safetensors: the data begins at a multiple of 8 bytes") {
  const TemporaryFolder folder;
  const std::string contents = read_file(example_file(folder));
  std::uint64_t length;
  std::memcpy(&length, contents.data(), 8);
  CHECK(length % 8 == 0);
  CHECK(contents[8] == '{');
}

TEST_CASE("safetensors: a tensor that writes less or more than its shape says is an error, and leaves no file") {
  const TemporaryFolder folder;
  const std::vector<float> numbers(5);
  for (const std::int64_t claimed : {4, 6}) {
    const std::vector<OutgoingTensor> tensors = {outgoing("w", "F32", {claimed}, std::span(numbers))};
    CHECK_THROWS_AS(write_safetensors(folder.path("bad"), {}, tensors), Error);
    CHECK(std::filesystem::is_empty(folder.path()));
  }
}

TEST_CASE("safetensors: half precision, every value") {
  for (std::uint32_t bits = 0; bits < 0x10000; ++bits) {
    const std::uint16_t half = static_cast<std::uint16_t>(bits);
    const int exponent = (half >> 10) & 31;
    const double fraction = half & 1023;
    const double sign = (half & 0x8000) != 0 ? -1 : 1;
    const float value = float_from_half(half);
    if (exponent == 31 && fraction > 0) {
      REQUIRE(std::isnan(value));
    } else if (exponent == 31) {
      REQUIRE(value == static_cast<float>(sign) * std::numeric_limits<float>::infinity());
    } else {
      const double expected = exponent == 0 ? fraction * 0x1p-24 : std::ldexp(1 + fraction / 1024, exponent - 15);
      REQUIRE(value == static_cast<float>(sign * expected));
      REQUIRE(std::signbit(value) == (sign < 0));
    }
  }
  CHECK(float_from_bfloat16(0x3F80) == 1.0f);
  CHECK(float_from_bfloat16(0xC000) == -2.0f);
}

TEST_CASE("safetensors: 16-bit numbers become floats, other types only if nobody wants them") {
  const TemporaryFolder folder;
  const std::vector<std::uint16_t> half = {0x3C00, 0xC000};
  const std::vector<std::uint16_t> brain = {0x3F80, 0xC000};
  const std::vector<unsigned char> bools = {1, 0};
  const std::vector<float> bad = {1, std::numeric_limits<float>::quiet_NaN()};
  const std::string path = folder.path("t");
  write_safetensors(path, {},
                    std::vector<OutgoingTensor>{
                        outgoing("h", "F16", {2}, std::span(half)), outgoing("b", "BF16", {2}, std::span(brain)),
                        outgoing("m", "BOOL", {2}, std::span(bools)), outgoing("n", "F32", {2}, std::span(bad))});
  const SafetensorsFile file(path);
  std::vector<float> values(2);
  file.read_floats(*file.find("h"), values);
  CHECK(values == std::vector<float>{1, -2});
  file.read_floats(*file.find("b"), values);
  CHECK(values == std::vector<float>{1, -2});
  CHECK_THROWS_AS(file.read_floats(*file.find("m"), values), Error);
  CHECK_THROWS_WITH_AS(file.read_floats(*file.find("n"), values),
                       (path + ": tensor n holds nan as number 1, expected finite numbers").c_str(), Error);
  values.resize(3);
  CHECK_THROWS_AS(file.read_floats(*file.find("h"), values), Error);
}

TEST_CASE("safetensors: types that nobody knows do no harm until they are read") {
  const TemporaryFolder folder;
  CHECK(error_of(folder, safetensors(R"({"a":{"dtype":"Q3","shape":[9],"data_offsets":[0,5]}})", 5)) == "");
}

TEST_CASE("safetensors: damaged headers are refused with the reason") {
  const TemporaryFolder folder;
  CHECK(error_of(folder, "").find("has 0 bytes") != std::string::npos);
  CHECK(error_of(folder, "1234567").find("has 7 bytes") != std::string::npos);
  CHECK(error_of(folder, with_length("{}", 3)).find("only 2 follow") != std::string::npos);
  CHECK(error_of(folder, with_length("{}", 100'000'001)).find("at most 100000000") != std::string::npos);
  CHECK(error_of(folder, with_length("{}", ~std::uint64_t{0})).find("at most") != std::string::npos);
  CHECK(error_of(folder, with_length("", 0)) != "");
  CHECK(refused(folder, "[]", 0, "begin with {"));
  CHECK(refused(folder, " {}", 0, "begin with {"));
  CHECK(refused(folder, "{", 0, "header"));
  CHECK(refused(folder, "{}", 4, "tensors end at byte 0"));
  CHECK(refused(folder, R"({"a":7})", 4, "tensor a"));
  CHECK(refused(folder, R"({"a":{"dtype":"F32","shape":[1]}})", 4, "each once"));
  CHECK(refused(folder, R"({"a":{"dtype":"F32","shape":[1],"shape":[1]}})", 4, "data_offsets"));
  CHECK(refused(folder, R"({"a":{"dtype":32,"shape":[1],"data_offsets":[0,4]}})", 4, "dtype"));
  CHECK(refused(folder, R"({"a":{"dtype":"F32","shape":1,"data_offsets":[0,4]}})", 4, "shape"));
  CHECK(refused(folder, R"({"a":{"dtype":"F32","shape":[-1],"data_offsets":[0,4]}})", 4, "no negative size"));
  CHECK(refused(folder, R"({"a":{"dtype":"F32","shape":[1.5],"data_offsets":[0,4]}})", 4, "shape"));
  CHECK(refused(folder, R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4,8]}})", 4, "expected 2"));
  CHECK(refused(folder, R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[-4,0]}})", 4, "data_offsets"));
  CHECK(refused(folder, R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[4,0]}})", 4, "range"));
  CHECK(refused(folder, R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}})", 4, "range"));
  CHECK(refused(folder, R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,4]}})", 4, "not the size"));
  CHECK(refused(folder, R"({"a":{"dtype":"F4","shape":[3],"data_offsets":[0,1]}})", 1, "not the size"));
  CHECK(refused(folder, R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}})", 8, "file holds 8"));
  CHECK(refused(folder, R"({"__metadata__":{"a":1}})", 0, "__metadata__.a"));
  CHECK(refused(folder, R"({"__metadata__":[]})", 0, "__metadata__"));
}

TEST_CASE("safetensors: sizes that overflow are refused before anything is allocated") {
  const TemporaryFolder folder;
  for (const char* shape : {"4611686018427387904,4", "9223372036854775807,9223372036854775807", "4294967296,4294967296",
                            "2305843009213693952", "1,9223372036854775807,1,2"}) {
    const std::string header = concat(R"({"a":{"dtype":"F32","shape":[)", shape, R"(],"data_offsets":[0,0]}})");
    CHECK(refused(folder, header, 0, "not the size"));
  }
  CHECK(error_of(folder, safetensors(R"({"a":{"dtype":"F32","shape":[9223372036854775807,0,4],"data_offsets":[0,0]}})",
                                     0)) == "");
}

TEST_CASE("safetensors: data that overlaps, leaves gaps or is named twice is refused") {
  const TemporaryFolder folder;
  const std::string f32 = R"({"dtype":"F32","shape":[1],"data_offsets":)";
  CHECK(refused(folder, concat("{\"a\":", f32, "[0,4]},\"b\":", f32, "[0,4]}}"), 4, "begins at byte 0"));
  CHECK(refused(folder, concat("{\"a\":", f32, "[0,4]},\"b\":", f32, "[2,6]}}"), 6, "begins at byte 2"));
  CHECK(refused(folder, concat("{\"a\":", f32, "[0,4]},\"b\":", f32, "[6,10]}}"), 10, "begins at byte 6"));
  CHECK(refused(folder, concat("{\"a\":", f32, "[0,4]},\"a\":", f32, "[4,8]}}"), 8, "appears twice"));
  CHECK(error_of(folder, safetensors(concat("{\"b\":", f32, "[4,8]},\"a\":", f32, "[0,4]}}"), 8)) == "");
}

TEST_CASE("safetensors: cut short or with flipped bytes, a file is read or refused, never worse") {
  const TemporaryFolder folder;
  const std::string good = read_file(example_file(folder));
  for (std::size_t length = 0; length < good.size(); ++length) {
    CAPTURE(length);
    CHECK(error_of(folder, good.substr(0, length)) != "");
  }
  CHECK(error_of(folder, good + "x") != "");
  const RandomStream random(1, RandomPurpose::data);
  for (std::uint64_t round = 0; round < 3000; ++round) {
    std::string damaged = good;
    const std::uint64_t flips = 1 + random.below(round * 100, 4);
    for (std::uint64_t flip = 1; flip <= flips; ++flip) {
      const std::size_t place = random.below(round * 100 + 2 * flip, good.size());
      damaged[place] = static_cast<char>(random.below(round * 100 + 2 * flip + 1, 256));
    }
    error_of(folder, damaged);
  }
}

}  // namespace attn
