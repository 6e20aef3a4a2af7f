// attn ablate and --ablate, against transformers with a head's result set to 0.
#include <doctest/doctest.h>

#include <cmath>

#include "base/file.h"
#include "base/json.h"
#include "run_attn.h"
#include "support/csv_reader.h"
#include "support/temporary_folder.h"

namespace attn {
namespace {

const std::string kModel = "tests/reference/gpt2", kTranslator = "tests/reference/translator";

Json reference() {
  const std::string path = "tests/reference/attention_summaries.json";
  return parse_json(read_file(path), path);
}

double loss_without(const std::string& text, const std::string& heads) {
  const Outcome outcome = run_attn({"evaluate", kModel, "--text", text, "--ablate", heads, "--json"});
  REQUIRE_MESSAGE(outcome.exit_code == 0, outcome.err);
  return parse_json(outcome.out, "stdout").at("loss").as_double();
}

TEST_CASE("ablate: the loss without each head, and without all, is that of transformers") {
  const Json expected = reference();
  const std::string text = expected.at("text").as_string();
  const Outcome outcome = run_attn({"ablate", kModel, "--text", text});
  REQUIRE_MESSAGE(outcome.exit_code == 0, outcome.err);
  const CsvRows rows = read_csv(outcome.out);
  const auto& losses = expected.at("losses_without").as_array();
  REQUIRE(rows.size() == losses.size() + 1);
  CHECK(rows[0] == std::vector<std::string>{"kind", "layer", "head", "loss", "change"});
  CHECK(rows[1][0] == "none");
  CHECK(rows.back()[0] == "all");
  double largest = 0;
  for (std::size_t i = 0; i < losses.size(); ++i) {
    CHECK(std::abs(std::stod(rows[i + 1][3]) - losses[i].as_double()) < 2e-6);
    CHECK(std::stod(rows[i + 1][4]) == doctest::Approx(std::stod(rows[i + 1][3]) - std::stod(rows[1][3])));
    largest = std::max(largest, std::abs(std::stod(rows[i + 1][4])));
  }
  CHECK(largest > 1e-3);  // heads that do nothing would prove nothing
  CHECK(loss_without(text, "decoder:1.2") == doctest::Approx(losses[7].as_double()).epsilon(1e-6));
  CHECK(loss_without(text, "1.2") == loss_without(text, "decoder:1.2"));
  CHECK(loss_without(text, "all") == doctest::Approx(losses.back().as_double()).epsilon(1e-6));
  CHECK(loss_without(text, "0,1") == loss_without(text, "all"));
  CHECK(loss_without(text, "decoder:0.0,0.1,0.2,0.3,1") == loss_without(text, "decoder"));
}

TEST_CASE("ablate: translators have heads of three kinds; the picture; mistakes") {
  const TemporaryFolder folder;
  write_file(folder.path("pairs.tsv"), "abc\tcba\nba\tab\n");
  const Outcome table = run_attn({"ablate", kTranslator, folder.path("pairs.tsv")});
  REQUIRE_MESSAGE(table.exit_code == 0, table.err);
  std::string kinds;
  for (const auto& row : read_csv(table.out)) {
    if (kinds.find(row[0]) == std::string::npos) kinds += row[0] + " ";
  }
  CHECK(kinds == "kind none encoder decoder cross all ");

  const std::string svg = folder.path("a.svg");
  REQUIRE(run_attn({"ablate", kTranslator, folder.path("pairs.tsv"), "--out", svg}).exit_code == 0);
  const std::string picture = read_file(svg);
  CHECK(picture.starts_with("<svg"));
  CHECK(picture.find("cross 1.0") != std::string::npos);
  CHECK(run_attn({"ablate", kTranslator, folder.path("pairs.tsv"), "--out", svg}).exit_code != 0);  // it exists

  const std::string whole = run_attn({"translate", kTranslator, "--text", "abc"}).out;
  CHECK(run_attn({"translate", kTranslator, "--text", "abc", "--ablate", "all"}).exit_code == 0);
  CHECK(run_attn({"attention", kModel, "--text", "abc", "--ablate", "0"}).out !=
        run_attn({"attention", kModel, "--text", "abc"}).out);
  for (const char* heads : {"decoder:2", "decoder:0.4", "cross", "x", "0.", "0.1.1", "", "0,,1"}) {
    CAPTURE(heads);
    const Outcome outcome = run_attn({"generate", kModel, "--prompt", "a", "--ablate", heads});
    CHECK(outcome.exit_code == (*heads == '\0' ? 0 : 2));
  }
  CHECK(run_attn({"generate", kModel, "--prompt", "a", "--ablate", "x"}).err.find("--ablate x") != std::string::npos);
}

TEST_CASE("ablate: every command that runs a model takes --ablate") {
  const std::vector<std::string> calls[] = {
      {"lens", kModel, "--text", "abc"},
      {"fill", "tests/reference/bert_masked", "--text", "a [MASK] b"},
      {"classify", "tests/reference/bert_classifier", "--text", "abc"},
      {"embed", "tests/reference/bert_model", "--text", "abc"},
      {"chat", kModel, "--text", "abc", "--temperature", "0.01", "--seed", "1"},
  };
  for (std::vector<std::string> call : calls) {
    CAPTURE(call[0]);
    const Outcome whole = run_attn(call);
    REQUIRE_MESSAGE(whole.exit_code == 0, whole.err);
    call.insert(call.end(), {"--ablate", "all"});
    const Outcome without = run_attn(call);
    REQUIRE_MESSAGE(without.exit_code == 0, without.err);
    CHECK(without.out != whole.out);
  }
}

}  // namespace
}  // namespace attn
