// attn attention on the models of tests/reference, whose weights transformers computed for the same texts.

#include <doctest/doctest.h>

#include <charconv>
#include <cmath>
#include <filesystem>
#include <map>

#include "base/file.h"
#include "base/json.h"
#include "cli/run_attn.h"
#include "models/folder.h"
#include "support/csv_reader.h"
#include "support/temporary_folder.h"

namespace attn {
namespace {

const std::string kModel = "tests/reference/gpt2";
/// The texts of make_language_models.py, without their last characters.
const std::vector<std::string> kTexts = {"a \"big\",\nfro", "don't g", "hell"};

CsvRows rows_of(const std::vector<std::string>& arguments, const RunOptions& options = {}) {
  const Outcome outcome = run_attn(arguments, options);
  REQUIRE_MESSAGE(outcome.exit_code == 0, outcome.err);
  return read_csv(outcome.out);
}

float number(const std::string& text) {
  float value = -1;
  const auto result = std::from_chars(text.data(), text.data() + text.size(), value);
  REQUIRE(result.ptr == text.data() + text.size());
  return value;
}

std::size_t index(const std::string& text) {
  return static_cast<std::size_t>(std::stoul(text));
}

}  // namespace

TEST_CASE("attention: the CSV holds the weights of transformers' output_attentions") {
  for (const char* name : {"gpt2", "llama"}) {
    const std::string model = std::string("tests/reference/") + name;
    const SafetensorsFile reference(model + "/reference.safetensors");
    for (std::size_t text = 0; text < kTexts.size(); ++text) {
      const CsvRows rows = rows_of({"attention", model, "--text", kTexts[text]});
      const std::size_t length = kTexts[text].size();
      REQUIRE(rows.size() == 1 + 2 * 4 * length * length);
      for (std::size_t layer = 0; layer < 2; ++layer) {
        const std::string tensor = "attention." + std::to_string(layer) + "." + std::to_string(text);
        std::vector<float> expected(4 * length * length);
        reference.read_floats(*reference.find(tensor), expected);
        std::map<std::pair<std::string, std::string>, double> sums;
        float largest = 0;
        for (std::size_t i = 0; i < expected.size(); ++i) {
          const auto& row = rows[1 + layer * expected.size() + i];
          REQUIRE(index(row[1]) == layer);
          REQUIRE((index(row[2]) * length + index(row[4])) * length + index(row[6]) == i);
          CHECK(row[5] == kTexts[text].substr(index(row[4]), 1));
          CHECK(row[7] == kTexts[text].substr(index(row[6]), 1));
          largest = std::max(largest, std::fabs(number(row[8]) - expected[i]));
          sums[{row[2], row[4]}] += static_cast<double>(number(row[8]));
        }
        CHECK(largest < 1e-5f);
        for (const auto& [query, sum] : sums) CHECK(sum == doctest::Approx(1).epsilon(1e-6));
      }
    }
  }
}

TEST_CASE("attention: many texts, a line each, from a file or standard input; texts without tokens keep their number") {
  const TemporaryFolder folder;
  const std::string lines = "hell\n\nabc\r\n";
  write_file(folder.path("lines.txt"), lines);
  const CsvRows rows = rows_of({"attention", kModel, folder.path("lines.txt")});
  CHECK(rows.size() == 1 + 2 * 4 * (16 + 9));
  CHECK(rows.back()[0] == "2");
  CHECK(rows_of({"attention", kModel}, {.input = lines}) == rows);
  CHECK(rows_of({"attention", kModel, "-"}, {.input = lines}) == rows);
  CHECK(rows_of({"attention", kModel, "--threads", "3", "-"}, {.input = lines}) == rows);
  const Outcome outcome = run_attn({"attention", kModel}, {.input = lines});
  CHECK(outcome.err.find("one text (standard input:2) without tokens") != std::string::npos);
  CHECK(rows_of({"attention", kModel}, {.input = "\n"}).size() == 1);
}

TEST_CASE("attention: layers, heads, the largest weights, words and the wide layout") {
  const std::vector<std::string> base = {"attention", kModel, "--text", "don't go"};
  const auto with = [&base](std::vector<std::string> more) {
    more.insert(more.begin(), base.begin(), base.end());
    return rows_of(more);
  };
  CsvRows rows = with({"--layer", "1", "--head", "0,3"});
  CHECK(rows.size() == 1 + 2 * 64);
  CHECK(rows[1][1] == "1");
  CHECK(rows.back()[2] == "3");
  CHECK(with({"--layer", "0", "--head", "0", "--top", "2"}).size() == 1 + 1 + 2 * 7);
  CHECK(with({"--layer", "0", "--head", "0", "--no-masked"}).size() == 1 + 36);
  CHECK(with({"--kind", "decoder"}).size() == 1 + 8 * 64);
  rows = with({"--scores", "--layer", "0", "--head", "0"});
  CHECK(rows[0].back() == "score");
  CHECK(number(rows[2][8]) == 0);
  CHECK(number(rows[2][9]) != 0);
  rows = with({"--layer", "0", "--head", "0", "--words"});
  REQUIRE(rows.size() == 1 + 9);
  CHECK(rows[1][5] == "don't");
  CHECK(rows[9][7] == "go");
  CHECK(number(rows[7][8]) + number(rows[8][8]) + number(rows[9][8]) == doctest::Approx(1));
  rows = with({"--layer", "0", "--head", "0", "--layout", "wide"});
  CHECK(rows.size() == 1 + 8);
  CHECK(rows[0][6] == "0:d");
}

TEST_CASE("attention: --words sums over keys and averages over queries") {
  const CsvRows tokens = rows_of({"attention", kModel, "--text", "ab cd", "--layer", "1", "--head", "2"});
  const CsvRows words = rows_of({"attention", kModel, "--text", "ab cd", "--layer", "1", "--head", "2", "--words"});
  REQUIRE(words.size() == 1 + 9);
  const auto weight = [&tokens](std::size_t query, std::size_t key) { return number(tokens[1 + query * 5 + key][8]); };
  const float expected = (weight(3, 0) + weight(3, 1) + weight(4, 0) + weight(4, 1)) / 2;
  CHECK(words[7][5] == "cd");
  CHECK(words[7][7] == "ab");
  CHECK(number(words[7][8]) == doctest::Approx(expected));
}

TEST_CASE("attention: --out by its ending") {
  const TemporaryFolder folder;
  const auto write = [&folder](const std::string& name) {
    const Outcome outcome = run_attn({"attention", kModel, "--text", "hell", "--out", folder.path(name)});
    REQUIRE_MESSAGE(outcome.exit_code == 0, outcome.err);
    CHECK(outcome.out.empty());
    CHECK(outcome.err.starts_with(folder.path(name) + ": "));
    return read_file(folder.path(name));
  };
  CHECK(read_csv(write("a.csv")).size() == 1 + 8 * 16);
  CHECK(write("a.tsv").starts_with("text\tlayer\t"));
  CHECK(parse_json(write("a.json"), "a.json").as_array().size() == 8 * 16);
  CHECK(write("a.jsonl").starts_with("{\"text\":0,"));
  const std::string npy = write("a.npy");
  CHECK(npy.find("'shape': (2,4,4,4,)") != std::string::npos);
  const SafetensorsFile reference(kModel + "/reference.safetensors");
  std::vector<float> expected(4 * 16), found(4 * 16);
  reference.read_floats(*reference.find("attention.0.2"), expected);
  std::copy_n(npy.data() + npy.size() - 2 * 4 * 16 * 4, found.size() * 4, reinterpret_cast<char*>(found.data()));
  for (std::size_t i = 0; i < found.size(); ++i) CHECK(std::fabs(found[i] - expected[i]) < 1e-5f);
  CHECK(write("a.npz").find("text0_decoder.npy") != std::string::npos);
  CHECK(write("a.svg").starts_with("<svg "));
  CHECK(write("a.html").starts_with("<!DOCTYPE html>"));

  const Outcome again = run_attn({"attention", kModel, "--text", "hell", "--out", folder.path("a.csv")});
  CHECK(again.exit_code == 1);
  CHECK(again.err.find("--force") != std::string::npos);
}

TEST_CASE("attention: --show draws all heads, or the one that is left with its tokens") {
  const Outcome all = run_attn({"attention", kModel, "--text", "hell", "--show"});
  CHECK(all.exit_code == 0);
  CHECK(all.out.starts_with("decoder attention of 4 tokens to 4"));
  CHECK(all.out.find("layer 1") != std::string::npos);
  CHECK(all.out.find("\x1B") == std::string::npos);
  const Outcome one = run_attn({"attention", kModel, "--text", "hell", "--show", "--layer", "1", "--head", "3"});
  CHECK(one.out.starts_with("decoder attention, layer 1, head 3"));
  CHECK(one.out.find("\n0 h  100\n") != std::string::npos);
  const Outcome two = run_attn({"attention", kModel, "--show"}, {.input = "he\n\n"});
  CHECK(two.out.find("text 1\nno tokens") != std::string::npos);
  const TemporaryFolder folder;
  const Outcome many = run_attn({"attention", kModel, "--out", folder.path("x.svg")}, {.input = "a\nb\n"});
  CHECK(many.exit_code == 2);
  CHECK(many.err.find(".html holds them all") != std::string::npos);
}

TEST_CASE("attention: mistakes are told in one sentence, and no file is left") {
  const TemporaryFolder folder;
  struct Mistake {
    std::vector<std::string> arguments;
    int exit_code;
    std::string message;
  };
  const std::string npy = folder.path("x.npy");
  const std::vector<Mistake> mistakes = {
      {{"--text", "abcdefghijklm"}, 1, "--text: the text has 13 tokens, but the model's context is 12; --truncate"},
      {{"--text", "a", "--layer", "2"}, 2, "--layer 2: the model has layers 0 to 1"},
      {{"--text", "a", "--head", "4"}, 2, "--head 4: the model has heads 0 to 3"},
      {{"--text", "a", "--kind", "cross"}, 2, "--kind cross: this is a decoder-only model"},
      {{"--text", "a", "--kind", "dekoder"}, 2, "decoder"},
      {{"--text", "a", "--top", "0"}, 2, "--top"},
      {{"--text", "a", "--scores", "--words"}, 2, "--scores contradicts --words"},
      {{"--text", "a", "--out", npy, "--top", "1"}, 2, "--top is for tables"},
      {{"--text", "a", "--out", npy, "--layout", "wide"}, 2, "--layout wide is for tables"},
      {{"--text", "a", "--out", npy, "--format", "csv"}, 2, "--format is for tables"},
      {{"--text", "a", "--out", folder.path("x.svg"), "--min-weight", "0.5"}, 2, "--min-weight is for tables"},
      {{"--text", "a", "--show", "--out", npy}, 2, "--show is for the terminal; it contradicts --out"},
      {{"--text", "a", "--show", "--top", "1"}, 2, "--top is for tables, --show for a picture"},
      {{"--text", ""}, 2, "--text is empty"},
      {{"no such text"}, 1, "did you mean --text"},
  };
  for (const Mistake& mistake : mistakes) {
    std::vector<std::string> arguments = {"attention", kModel};
    arguments.insert(arguments.end(), mistake.arguments.begin(), mistake.arguments.end());
    const Outcome outcome = run_attn(arguments);
    CAPTURE(outcome.err);
    CHECK(outcome.exit_code == mistake.exit_code);
    CHECK(outcome.err.find(mistake.message) != std::string::npos);
    CHECK(outcome.out.empty());
  }
  CHECK(std::filesystem::is_empty(folder.path()));
  const Outcome many = run_attn({"attention", kModel, "--out", npy}, {.input = "a\nb\n"});
  CHECK(many.exit_code == 2);
  CHECK(many.err.find("there are 2") != std::string::npos);
  CHECK(std::filesystem::is_empty(folder.path()));
  CHECK(run_attn({"attention", kModel}, {.input = ""}).exit_code == 1);
}

TEST_CASE("attention: --truncate cuts, and says so; unknown characters are counted") {
  const Outcome cut = run_attn({"attention", kModel, "--text", "abcdefghijklmnop", "--truncate"});
  CHECK(cut.exit_code == 0);
  CHECK(read_csv(cut.out).size() == 1 + 8 * 144);
  CHECK(cut.err.find("one text (--text) cut to the first 12 tokens") != std::string::npos);
  const Outcome unknown = run_attn({"attention", kModel, "--text", "aZ\xC3\xA9", "--layer", "0", "--head", "0"});
  CHECK(unknown.err.find("2 tokens in one text (--text) are unknown") != std::string::npos);
  CHECK(read_csv(unknown.out)[2][7] == "<|unknown|>");
}

}  // namespace attn
