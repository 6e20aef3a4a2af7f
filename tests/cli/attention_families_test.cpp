// attn attention on translators and encoders: the weights that transformers computed for the same texts.

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>

#include "base/file.h"
#include "cli/run_attn.h"
#include "models/folder.h"
#include "support/csv_reader.h"
#include "support/temporary_folder.h"

namespace attn {
namespace {

const std::string kMarian = "tests/reference/marian", kBert = "tests/reference/bert_model";
/// The texts of make_encoder_models.py.
const std::vector<std::string> kSources = {"big frog", "a", "hello dog"}, kTargets = {"le gros", "fade abel ac", "d"};

CsvRows rows_of(const std::vector<std::string>& arguments, const std::string& input = {}) {
  const Outcome outcome = run_attn(arguments, {.input = input});
  REQUIRE_MESSAGE(outcome.exit_code == 0, outcome.err);
  return read_csv(outcome.out);
}

// "" for the character, or a special token by its name.
std::vector<std::string> tokens(const std::string& before, const std::string& text, const std::string& after) {
  std::vector<std::string> names;
  if (!before.empty()) names.push_back(before);
  for (const char c : text) names.emplace_back(1, c);
  if (!after.empty()) names.push_back(after);
  return names;
}

// The rows of one kind and text are those of the reference, layer after layer; moves `row` behind them.
void check_kind(const CsvRows& rows, std::size_t& row, const SafetensorsFile& reference, const std::string& kind,
                std::size_t text, const std::vector<std::string>& queries, const std::vector<std::string>& keys) {
  for (int layer = 0; layer < 2; ++layer) {
    const std::string name = "attention." + kind + "." + std::to_string(layer) + "." + std::to_string(text);
    std::vector<float> expected(4 * queries.size() * keys.size());
    reference.read_floats(*reference.find(name), expected);
    float largest = 0;
    for (std::size_t i = 0; i < expected.size(); ++i, ++row) {
      REQUIRE(row < rows.size());
      const std::size_t query = i / keys.size() % queries.size(), key = i % keys.size();
      REQUIRE(rows[row][1] == std::to_string(layer));
      REQUIRE(rows[row][3] == kind);
      CHECK(rows[row][5] == queries[query]);
      CHECK(rows[row][7] == keys[key]);
      largest = std::max(largest, std::fabs(std::stof(rows[row][8]) - expected[i]));
    }
    CHECK(largest < 1e-5f);
  }
}

}  // namespace

TEST_CASE("attention of a translator: encoder, decoder and cross are transformers' output_attentions") {
  const SafetensorsFile reference(kMarian + "/reference.safetensors");
  std::string lines;
  for (std::size_t i = 0; i < 3; ++i) lines += kSources[i] + "\t" + kTargets[i] + "\n";
  const CsvRows rows = rows_of({"attention", kMarian}, lines);
  std::size_t row = 1;
  for (std::size_t i = 0; i < 3; ++i) {
    CHECK(rows[row][0] == std::to_string(i));
    const auto source = tokens("", kSources[i], "</s>"), target = tokens("<pad>", kTargets[i], "");
    check_kind(rows, row, reference, "encoder", i, source, source);
    check_kind(rows, row, reference, "decoder", i, target, target);
    check_kind(rows, row, reference, "cross", i, target, source);
  }
  CHECK(row == rows.size());

  const TemporaryFolder folder;
  write_file(folder.path("pairs.tsv"), lines);
  CHECK(rows_of({"attention", kMarian, folder.path("pairs.tsv")}) == rows);
  const CsvRows one = rows_of({"attention", kMarian, "--text", kSources[0], "--target", kTargets[0]});
  CHECK(std::equal(one.begin() + 1, one.end(), rows.begin() + 1));
  const CsvRows cross =
      rows_of({"attention", kMarian, "--text", kSources[0], "--target", kTargets[0], "--kind", "cross"});
  CHECK(cross.size() == 1 + 2 * 4 * 8 * 9);
  CHECK(cross[1][3] == "cross");
}

TEST_CASE("attention of an encoder: kind encoder with [CLS] and [SEP], as transformers has it") {
  const SafetensorsFile reference(kBert + "/reference.safetensors");
  const CsvRows rows = rows_of({"attention", kBert}, "big frog\na\n");
  std::size_t row = 1;
  for (std::size_t i = 0; i < 2; ++i) {
    auto names = tokens("[CLS]", kSources[i], "[SEP]");
    std::replace(names.begin(), names.end(), std::string("r"), std::string("[UNK]"));
    check_kind(rows, row, reference, "encoder", i, names, names);
  }
  CHECK(row == rows.size());
}

TEST_CASE("attention of a translator without a target is that of its own translation") {
  const std::string model = "tests/reference/translator";
  const std::string target = run_attn({"translate", model, "--beam", "1", "--text", "gffcee"}).out;
  REQUIRE(target.size() == 7);
  const CsvRows own = rows_of({"attention", model, "--text", "gffcee"});
  CHECK(own == rows_of({"attention", model, "--text", "gffcee", "--target", target.substr(0, 6)}));
  CHECK(rows_of({"attention", model}, "gffcee\n") == own);
  const CsvRows words = rows_of({"attention", model, "--text", "gffcee", "--words", "--kind", "cross"});
  REQUIRE(words.size() == 1 + 2 * 2 * 2 * 2);
  CHECK(words[1][5] == "<pad>");
  CHECK(words[3][5] == target.substr(0, 6));
  CHECK(words[1][7] == "gffcee");
  CHECK(words[2][7] == "</s>");
  CHECK(std::stof(words[3][8]) + std::stof(words[4][8]) == doctest::Approx(1));
}

TEST_CASE("attention of translators: arrays by kind, the wide layout, long texts") {
  const TemporaryFolder folder;
  const auto write = [&](const std::string& name, std::vector<std::string> more) {
    std::vector<std::string> arguments = {"attention", kMarian, "--text", "abc",
                                          "--target",  "de",    "--out",  folder.path(name)};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return run_attn(arguments);
  };
  const Outcome several = write("a.npy", {});
  CHECK(several.exit_code == 2);
  CHECK(several.err.find("one kind of attention: --kind") != std::string::npos);
  REQUIRE(write("a.npy", {"--kind", "cross"}).exit_code == 0);
  CHECK(read_file(folder.path("a.npy")).find("'shape': (2,4,3,4,)") != std::string::npos);
  REQUIRE(write("a.npz", {}).exit_code == 0);
  const std::string archive = read_file(folder.path("a.npz"));
  for (const char* name : {"encoder", "decoder", "cross", "source_tokens", "target_tokens"}) {
    CHECK(archive.find(std::string("text0_") + name + ".npy") != std::string::npos);
  }
  CHECK(write("a.svg", {}).exit_code == 0);
  CHECK(write("a.html", {}).exit_code == 0);
  const std::vector<std::string> wide = {"attention", kMarian,  "--text", "abc",      "--target",
                                         "de",        "--kind", "cross",  "--layout", "wide"};
  CHECK(rows_of(wide)[0][6] == "0:a");
  CHECK(rows_of({wide.begin(), wide.begin() + 6}).size() == 1 + 8 * (16 + 9 + 12));

  const std::string longer = "abcdefghijklmnop";
  const Outcome source = run_attn({"attention", kMarian, "--text", longer});
  CHECK(source.exit_code == 1);
  CHECK(source.err.find("--text: the text has 17 tokens, but the model's context is 14") != std::string::npos);
  const CsvRows cut = rows_of({"attention", kMarian, "--text", longer, "--target", longer, "--truncate"});
  CHECK(cut.size() == 1 + 8 * 3 * 14 * 14);
  CHECK(cut[14][7] == "</s>");
}

TEST_CASE("attention: mistakes with kinds and targets name the family") {
  const auto fails = [](const std::vector<std::string>& more, const std::string& message) {
    std::vector<std::string> arguments = {"attention"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    const Outcome outcome = run_attn(arguments, {.input = "a\n"});
    CAPTURE(outcome.err);
    CHECK(outcome.exit_code == 2);
    CHECK(outcome.err.find(message) != std::string::npos);
  };
  fails({"tests/reference/gpt2", "--kind", "encoder"}, "--kind encoder: this is a decoder-only model");
  fails({kBert, "--kind", "cross"}, "whose attention is all of kind encoder");
  fails({kBert, "--text", "a", "--target", "b"}, "--target is for encoder-decoder models");
  fails({kMarian, "--target", "b"}, "--target needs --text");
  fails({kMarian, "--layer", "2"}, "--layer 2: the model has layers 0 to 1");
}

}  // namespace attn
