// attn attention --stats and --rollout against NumPy and SciPy on the attentions of transformers.
#include <doctest/doctest.h>

#include <cmath>

#include "base/file.h"
#include "base/json.h"
#include "run_attn.h"
#include "support/csv_reader.h"

namespace attn {
namespace {

const std::string kModel = "tests/reference/gpt2";

Json reference() {
  const std::string path = "tests/reference/attention_summaries.json";
  return parse_json(read_file(path), path);
}

TEST_CASE("attention --stats: a row a head, with SciPy's numbers") {
  const Json expected = reference();
  const Outcome outcome = run_attn({"attention", kModel, "--text", expected.at("text").as_string(), "--stats"});
  REQUIRE_MESSAGE(outcome.exit_code == 0, outcome.err);
  const CsvRows rows = read_csv(outcome.out);
  const auto& heads = expected.at("heads").as_array();
  REQUIRE(rows.size() == heads.size() + 1);
  for (std::size_t i = 0; i < heads.size(); ++i) {
    const auto& row = rows[i + 1];
    CHECK(row[0] == "decoder");
    CHECK(std::stod(row[1]) == heads[i].at("layer").as_double());
    CHECK(std::stod(row[2]) == heads[i].at("head").as_double());
    for (std::size_t column = 4; column < rows[0].size(); ++column) {
      CAPTURE(rows[0][column]);
      CHECK(std::abs(std::stod(row[column]) - heads[i].at(rows[0][column]).as_double()) < 2e-6);
    }
  }
}

TEST_CASE("attention --rollout: layer upon layer, with NumPy's numbers") {
  const Json expected = reference();
  const Outcome outcome = run_attn({"attention", kModel, "--text", expected.at("text").as_string(), "--rollout"});
  REQUIRE_MESSAGE(outcome.exit_code == 0, outcome.err);
  const CsvRows rows = read_csv(outcome.out);
  std::size_t next = 1;
  for (const Json& layer : expected.at("rollout").as_array()) {
    for (const Json& query : layer.as_array()) {
      for (const Json& weight : query.as_array()) {
        REQUIRE(next < rows.size());
        CHECK(std::abs(std::stod(rows[next++][8]) - weight.as_double()) < 1e-6);
      }
    }
  }
  CHECK(next == rows.size());
}

TEST_CASE("attention --stats, --rollout: translators have every kind, of rollout the two of self-attention") {
  const auto kinds = [](const char* option) {
    const Outcome outcome = run_attn({"attention", "tests/reference/translator", "--text", "abc", option});
    REQUIRE_MESSAGE(outcome.exit_code == 0, outcome.err);
    std::string found;
    const bool statistics = option == std::string("--stats");
    for (const auto& row : read_csv(outcome.out)) {
      const std::string& kind = row[statistics ? 0 : 3];
      if (kind != "kind" && found.find(kind) == std::string::npos) found += kind + " ";
      if (statistics && kind == "cross") CHECK(row[9].empty());
    }
    return found;
  };
  CHECK(kinds("--stats") == "encoder decoder cross ");
  CHECK(kinds("--rollout") == "encoder decoder ");
  for (const std::vector<std::string>& mistake : std::vector<std::vector<std::string>>{{"--stats", "--rollout"},
                                                                                       {"--stats", "--top", "3"},
                                                                                       {"--stats", "--out", "x.svg"},
                                                                                       {"--rollout", "--scores"}}) {
    std::vector<std::string> arguments = {"attention", kModel, "--text", "abc"};
    arguments.insert(arguments.end(), mistake.begin(), mistake.end());
    CHECK(run_attn(arguments).exit_code == 2);
  }
}

}  // namespace
}  // namespace attn
