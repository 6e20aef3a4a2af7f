#include <doctest/doctest.h>

#include <filesystem>

#include "base/error.h"
#include "cli/run_attn.h"
#include "models/folder.h"
#include "support/temporary_folder.h"

namespace attn {
namespace {

constexpr const char* kModel = "tests/reference/gpt2";

TEST_CASE("export: the archive serves as the folder") {
  const TemporaryFolder folder;
  const std::string archive = folder.path("tiny.tar");
  const Outcome outcome = run_attn({"export", kModel, archive});
  CHECK(outcome.exit_code == 0);
  CHECK(outcome.out.empty());
  CHECK(outcome.err.starts_with(archive + ": model and options in one file"));

  const ModelFolder original(kModel);
  const ModelFolder exported(archive);
  CHECK(exported.read_config() == original.read_config());
  CHECK(exported.read(kGenerationConfigFile) == original.read(kGenerationConfigFile));
  CHECK_FALSE(exported.has("reference.safetensors"));
  CHECK_FALSE(exported.has(kTrainingStateFile));
  const auto before = original.open_safetensors(kWeightsFile);
  const auto after = exported.open_safetensors(kWeightsFile);
  REQUIRE(after->tensors().size() == before->tensors().size());
  for (const TensorEntry& entry : before->tensors()) {
    const TensorEntry* const same = after->find(entry.name);
    REQUIRE(same != nullptr);
    std::vector<float> expected(static_cast<std::size_t>(entry.count())), found(expected.size());
    before->read_floats(entry, expected);
    after->read_floats(*same, found);
    CHECK(found == expected);
  }
  CHECK_THROWS_WITH_AS(exported.read("absent"), (archive + "/absent: no such file").c_str(), Error);
}

TEST_CASE("export: replaces nothing without --force") {
  const TemporaryFolder folder;
  const std::string archive = folder.path("tiny.tar");
  REQUIRE(run_attn({"export", kModel, archive}).exit_code == 0);
  const Outcome again = run_attn({"export", kModel, archive});
  CHECK(again.exit_code == 1);
  CHECK(again.err == "attn: " + archive + " exists already; --force replaces it\n");
  const Outcome forced = run_attn({"export", kModel, archive, "--force", "--quiet"});
  CHECK(forced.exit_code == 0);
  CHECK(forced.err.empty());
}

TEST_CASE("export: mistakes") {
  const TemporaryFolder folder;
  const Outcome ending = run_attn({"export", kModel, folder.path("x.zip")});
  CHECK(ending.exit_code == 2);
  CHECK(ending.err == "attn: the file to export to is '" + folder.path("x.zip") + "', but must end in .tar\n");
  CHECK(run_attn({"export", kModel}).err ==
        "attn: attn export has 1 argument, but needs at least 2: attn export DIR FILE.tar\n");
  CHECK(run_attn({"export", kModel, "a.tar", "b"}).err == "attn: unexpected argument 'b': attn export DIR FILE.tar\n");
  CHECK(run_attn({"export", folder.path(), folder.path("x.tar")}).exit_code == 1);
  CHECK(run_attn({"export", kModel, folder.path("no/such/x.tar")}).exit_code == 1);
  CHECK(std::filesystem::is_empty(folder.path()));
}

}  // namespace
}  // namespace attn
