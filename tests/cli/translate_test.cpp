// attn translate, as a user runs it, on the model of tests/reference/make_translations.py.

#include <doctest/doctest.h>

#include <cmath>

#include "base/file.h"
#include "base/json.h"
#include "cli/run_attn.h"
#include "support/csv_reader.h"
#include "support/temporary_folder.h"

namespace attn {
namespace {

using Arguments = std::vector<std::string>;

const std::string kModel = "tests/reference/translator";

Outcome translate(Arguments arguments, const std::string& input = {}) {
  arguments.insert(arguments.begin(), {"translate", kModel});
  return run_attn(arguments, {.input = input});
}

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

std::string joined(const Json& texts) {
  std::string lines;
  for (const Json& text : texts.as_array()) lines += text.as_string() + "\n";
  return lines;
}

}  // namespace

TEST_CASE("translate: --precision int8 changes scores, not the best translations of most lines") {
  const std::string lines = joined(read_json("tests/reference/translations.json").at("sources"));
  const CsvRows exact = read_csv(translate({"--n-best", "1"}, lines).out);
  const CsvRows int8 = read_csv(translate({"--n-best", "1", "--precision", "int8"}, lines).out);
  REQUIRE(int8.size() == exact.size());
  std::size_t same = 0, same_score = 0;
  for (std::size_t i = 1; i < exact.size(); ++i) {
    same += int8[i][3] == exact[i][3];
    same_score += int8[i][2] == exact[i][2];
  }
  CHECK(2 * same > exact.size());
  CHECK(same_score == 0);
}

TEST_CASE("translate: the targets and scores of transformers' generate, greedy and beam, for every length penalty") {
  const Json reference = read_json("tests/reference/translations.json");
  const std::string lines = joined(reference.at("sources"));
  for (const Json& search : reference.at("searches").as_array()) {
    const auto beam = static_cast<std::size_t>(search.at("beam").as_int());
    CAPTURE(beam);
    const Outcome outcome = translate({"--beam", std::to_string(beam), "--n-best", std::to_string(beam), "--max-length",
                                       std::to_string(search.at("max_length").as_int()), "--length-penalty",
                                       std::to_string(search.at("length_penalty").as_double())},
                                      lines);
    REQUIRE_MESSAGE(outcome.exit_code == 0, outcome.err);
    const CsvRows rows = read_csv(outcome.out);
    CHECK(rows[0] == std::vector<std::string>{"text", "rank", "score", "translation"});
    const auto& targets = search.at("targets").as_array();
    REQUIRE(rows.size() == 1 + targets.size() * beam);
    for (std::size_t i = 0; i < targets.size(); ++i) {
      for (std::size_t rank = 0; rank < beam; ++rank) {
        const auto& row = rows[1 + i * beam + rank];
        CHECK(row[0] == std::to_string(i));
        CHECK(row[1] == std::to_string(rank + 1));
        CHECK(row[3] == targets[i].as_array()[rank].as_string());
        if (beam == 1) continue;  // transformers gives none there
        CHECK(std::abs(std::stod(row[2]) - search.at("scores").as_array()[i].as_array()[rank].as_double()) < 2e-5);
      }
    }
  }
}

TEST_CASE("translate: a line in, a line out, in order; empty lines stay; files, columns and threads") {
  const std::string lines = "gffcee\n\nhfg\r\na\nbcdegfdhc";
  const Outcome all = translate({}, lines);
  CHECK(all.exit_code == 0);
  CHECK(all.err.empty());
  std::string expected;
  for (const char* line : {"gffcee", "hfg", "a", "bcdegfdhc"}) {
    expected += translate({"--text", line}).out;
    if (expected.find('\n') == expected.size() - 1) expected += "\n";
  }
  CHECK(all.out == expected);
  CHECK(translate({"--threads", "3"}, lines).out == all.out);
  CHECK(translate({"--threads", "1", "-"}, lines).out == all.out);
  const TemporaryFolder folder;
  write_file(folder.path("a.txt"), lines);
  write_file(folder.path("a.tsv"), "gffcee\teecffg\nhfg\tgfh\n");
  CHECK(translate({folder.path("a.txt")}).out == all.out);
  CHECK(translate({folder.path("a.tsv")}).out == translate({}, "gffcee\nhfg\n").out);
  CHECK(translate({folder.path("a.tsv"), "--columns", "2"}).out == translate({}, "eecffg\ngfh\n").out);

  const Outcome file = translate({folder.path("a.txt"), "--out", folder.path("b.txt")});
  CHECK(file.exit_code == 0);
  CHECK(file.out.empty());
  CHECK(contains(file.err, "translations of 5 lines"));
  CHECK(read_file(folder.path("b.txt")) == all.out);
  CHECK(translate({folder.path("a.txt"), "--out", folder.path("b.txt")}).exit_code == 1);
}

TEST_CASE("translate: tables hold a row a translation, of an empty line an empty one") {
  const CsvRows rows = read_csv(translate({"--n-best", "6"}, "\nhfg\n").out);
  REQUIRE(rows.size() == 1 + 1 + 6);
  CHECK(rows[1] == std::vector<std::string>{"0", "1", "0", ""});
  CHECK(rows[7][1] == "6");
  const Outcome json = translate({"--format", "jsonl", "--beam", "1"}, "a\n");
  CHECK(contains(json.out, R"({"text":0,"rank":1,"score":)"));
  CHECK(contains(json.out, R"("translation":"a"})"));
}

TEST_CASE("translate: samples repeat with their seed, and a new seed is told") {
  const Arguments sample = {"--sample", "--temperature", "2", "--top-p", "1", "--n-best", "3"};
  const auto with_seed = [&](const char* seed, const std::string& lines) {
    Arguments arguments = sample;
    arguments.insert(arguments.end(), {"--seed", seed});
    return translate(arguments, lines).out;
  };
  const std::string first = with_seed("1", "gffcee\nhfg\n");
  CHECK(read_csv(first).size() == 1 + 2 * 3);
  CHECK(with_seed("1", "gffcee\nhfg\n") == first);
  CHECK(with_seed("2", "gffcee\nhfg\n") != first);
  // What is drawn for a line does not depend on the others; the last digits of scores may.
  const CsvRows together = read_csv(first), alone = read_csv(with_seed("1", "gffcee\n"));
  for (std::size_t i = 1; i < alone.size(); ++i) CHECK(alone[i][3] == together[i][3]);
  CHECK(translate(sample, "a\n").err.starts_with("attn: seed "));
}

TEST_CASE("translate: long lines are cut, unknown characters counted, mistakes named") {
  const Outcome cut = translate({}, "abcdefghabcdefgh\naZb\n");
  CHECK(cut.exit_code == 0);
  CHECK(contains(cut.err, "1 line was longer than the model's context of 14 tokens and cut there"));
  CHECK(contains(cut.err, "1 character is unknown"));
  const auto fails = [](const Arguments& arguments, int code, const std::string& message) {
    const Outcome outcome = translate(arguments, "a\n");
    CAPTURE(outcome.err);
    CHECK(outcome.exit_code == code);
    CHECK(contains(outcome.err, message));
    CHECK(outcome.out.empty());
  };
  fails({"--beam", "0"}, 2, "--beam");
  fails({"--beam", "2", "--n-best", "3"}, 2, "--n-best 3 needs a --beam of at least as many, found 2");
  fails({"--temperature", "1"}, 2, "need --sample");
  fails({"--sample", "--beam", "2"}, 2, "--beam and --sample exclude each other");
  fails({"--length-penalty", "-1"}, 2, "--length-penalty");
  const Outcome decoder = run_attn({"translate", "tests/reference/gpt2"}, {.input = "a\n"});
  CHECK(decoder.exit_code == 1);
  CHECK(contains(decoder.err, "commands for it: generate"));
}

}  // namespace attn
