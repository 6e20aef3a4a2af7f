#include "text/example_file.h"

#include <doctest/doctest.h>

#include <filesystem>

#include "base/error.h"
#include "base/file.h"
#include "support/allocation_counter.h"
#include "support/temporary_folder.h"

namespace attn {
namespace {

using Ids = std::vector<std::int32_t>;

TEST_CASE("Example files read back what was written, field by field and whole") {
  const TemporaryFolder folder;
  for (const int vocabulary : {1000, 100000}) {
    const std::string path = folder.path(std::to_string(vocabulary));
    std::vector<std::vector<Ids>> written;
    ExampleFileWriter writer(path, 2, vocabulary);
    for (std::int32_t e = 0; e < 50; ++e) {
      Ids source, target;
      for (std::int32_t i = 0; i < e % 7; ++i) source.push_back((e * 31 + i) % vocabulary);
      for (std::int32_t i = 0; i < e % 5 + 1; ++i) target.push_back(vocabulary - 1 - i);
      written.push_back({source, target});
      writer.add(written.back());
    }
    CHECK_FALSE(std::filesystem::exists(path));
    writer.commit();
    CHECK(writer.size() == 50);

    const ExampleFile file(path, vocabulary);
    REQUIRE(file.size() == 50);
    REQUIRE(file.fields() == 2);
    std::int64_t totals[2] = {0, 0};
    for (std::int64_t e = 0; e < 50; ++e) {
      Ids both;
      for (int f = 0; f < 2; ++f) {
        const Ids& ids = written[static_cast<std::size_t>(e)][static_cast<std::size_t>(f)];
        REQUIRE(file.length(e, f) == static_cast<std::int64_t>(ids.size()));
        Ids read(ids.size());
        file.read(e, f, read.data());
        CHECK(read == ids);
        both.insert(both.end(), ids.begin(), ids.end());
        totals[f] += file.length(e, f);
      }
      Ids read(static_cast<std::size_t>(file.tokens(e)));
      file.read(e, read.data());
      CHECK(read == both);
    }
    CHECK(file.total(0) == totals[0]);
    CHECK(file.total(1) == totals[1]);
    CHECK(file.total() == totals[0] + totals[1]);
    CHECK(file.longest(0) == 6);
    CHECK(file.longest(1) == 5);

    Ids read(12);
    const std::int64_t before = allocations_so_far();
    file.read(49, 0, read.data());
    file.read(49, read.data());
    CHECK(allocations_so_far() == before);
  }
}

TEST_CASE("Example files that are incomplete or do not belong together are errors") {
  const TemporaryFolder folder;
  const auto write = [&](const std::string& name, const std::vector<Ids>& example) {
    ExampleFileWriter writer(folder.path(name), static_cast<int>(example.size()), 100);
    writer.add(example);
    CHECK_THROWS_AS(writer.add(std::vector<Ids>(example.size() + 1)), Error);
    writer.commit();
  };
  write("a", {{1, 2, 3}, {4}});
  write("b", {{1, 2}, {99}});
  CHECK(ExampleFile(folder.path("a"), 100).size() == 1);
  CHECK_THROWS_WITH_AS(ExampleFile(folder.path("none"), 100), doctest::Contains("none"), Error);

  std::filesystem::copy_file(folder.path("b.lengths"), folder.path("a.lengths"),
                             std::filesystem::copy_options::overwrite_existing);
  CHECK_THROWS_WITH_AS(ExampleFile(folder.path("a"), 100), doctest::Contains("holds 4 ids, expected 3"), Error);
  write_file(folder.path("a.lengths"), std::string("\2\0\0\0\1\0\0\0", 8));
  CHECK_THROWS_WITH_AS(ExampleFile(folder.path("a"), 100), doctest::Contains("no lengths"), Error);

  const ExampleFile small_vocabulary(folder.path("b"), 99);
  std::int32_t id = 0;
  CHECK_THROWS_WITH_AS(small_vocabulary.read(0, 1, &id), doctest::Contains("outside the vocabulary"), Error);
}

}  // namespace
}  // namespace attn
