#include <doctest/doctest.h>

#include <filesystem>

#include "base/error.h"
#include "base/file.h"
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

TEST_CASE("export: a page holds the model and the text it opens with") {
  const TemporaryFolder folder;
  const std::string page = folder.path("page.html");
  const Outcome outcome = run_attn({"export", std::string(kModel) + "/", page, "--text", "a <b>"});
  CHECK(outcome.exit_code == 0);
  CHECK(outcome.err.starts_with(page + ": the model in a page that runs it"));
  const std::string written = read_file(page);
  CHECK(written.starts_with("<!DOCTYPE html>"));
  CHECK(written.find("<title>Live attention: gpt2</title>") != std::string::npos);
  CHECK(written.find("\"text\":\"a \\u003cb>\"") != std::string::npos);
  CHECK(run_attn({"export", kModel, page}).exit_code == 1);
  for (const char* other :
       {"tests/reference/marian", "tests/reference/bert_masked", "tests/reference/bert_classifier"}) {
    CHECK(run_attn({"export", other, page, "--force"}).exit_code == 0);
  }
  const Outcome vectors = run_attn({"export", "tests/reference/bert_model", page, "--force"});
  CHECK(vectors.exit_code == 1);
  CHECK(vectors.err.find("is an encoder that makes vectors of texts") != std::string::npos);
  const Outcome archive = run_attn({"export", kModel, folder.path("x.tar"), "--text", "a"});
  CHECK(archive.exit_code == 2);
  CHECK(archive.err == "attn: --text is for a page, but '" + folder.path("x.tar") + "' is an archive\n");
}

TEST_CASE("export: mistakes") {
  const TemporaryFolder folder;
  const Outcome ending = run_attn({"export", kModel, folder.path("x.zip")});
  CHECK(ending.exit_code == 2);
  CHECK(ending.err == "attn: the file to export to is '" + folder.path("x.zip") + "', but must end in .tar or .html\n");
  CHECK(run_attn({"export", kModel}).err ==
        "attn: attn export has 1 argument, but needs at least 2: attn export DIR FILE\n");
  CHECK(run_attn({"export", kModel, "a.tar", "b"}).err == "attn: unexpected argument 'b': attn export DIR FILE\n");
  CHECK(run_attn({"export", folder.path(), folder.path("x.tar")}).exit_code == 1);
  CHECK(run_attn({"export", kModel, folder.path("no/such/x.tar")}).exit_code == 1);
  CHECK(std::filesystem::is_empty(folder.path()));
}

}  // namespace
}  // namespace attn
