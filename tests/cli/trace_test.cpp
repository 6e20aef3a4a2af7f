// attn trace and attn lens, against what transformers computes on its way.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <filesystem>
#include <functional>

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

void flatten(const Json& json, std::vector<double>& numbers) {
  if (json.is_number()) {
    numbers.push_back(json.as_double());
  } else {
    for (const Json& item : json.as_array()) flatten(item, numbers);
  }
}

/// The numbers of a float32 array of an archive that is stored without compression; empty if it has none of that name.
std::vector<float> array_of(const std::string& archive, const std::string& name) {
  const std::size_t member = archive.find(name + ".npy");
  if (member == std::string::npos) return {};
  const std::size_t begin = archive.find("\x93NUMPY", member);
  const auto byte = [&](std::size_t i) {
    return static_cast<std::size_t>(static_cast<unsigned char>(archive[begin + i]));
  };
  const std::size_t data = begin + 10 + byte(8) + 256 * byte(9);
  const std::string header = archive.substr(begin, data - begin);
  std::size_t count = 1;
  for (std::size_t i = header.find('(') + 1; header[i] != ')';) {
    count *= std::stoul(header.substr(i));
    i = header.find_first_of(",)", i);
    while (header[i] == ',' || header[i] == ' ') ++i;
  }
  std::vector<float> values(count);
  std::memcpy(values.data(), archive.data() + data, count * sizeof(float));
  return values;
}

TEST_CASE("trace: queries, keys, values, heads' results, states and logits are those of transformers") {
  const Json expected = reference();
  const TemporaryFolder folder;
  const std::string path = folder.path("pass.npz");
  const Outcome outcome = run_attn({"trace", kModel, "--text", expected.at("text").as_string(), "--what",
                                    "q,k,v,head-output,residual,logits", "--out", path});
  REQUIRE_MESSAGE(outcome.exit_code == 0, outcome.err);
  const std::string archive = read_file(path);
  for (const auto& [key, tensor] : expected.at("tensors").as_object()) {
    const std::string& name = key;
    CAPTURE(name);
    std::vector<double> numbers;
    flatten(tensor, numbers);
    const std::vector<float> traced = array_of(archive, name == "logits" ? "text0_logits" : "text0_decoder_" + name);
    REQUIRE(traced.size() == numbers.size());
    double worst = 0;
    for (std::size_t i = 0; i < numbers.size(); ++i) {
      worst = std::max(worst, std::abs(static_cast<double>(traced[i]) - numbers[i]));
    }
    CHECK(worst < 1e-5);
  }
  CHECK(array_of(archive, "text0_decoder_scores").empty());
}

TEST_CASE("trace: a translator's three kinds; mistakes leave no file") {
  const TemporaryFolder folder;
  const std::string path = folder.path("pass.npz");
  REQUIRE(run_attn({"trace", kTranslator, "--text", "abc", "--what", "scores,weights", "--out", path}).exit_code == 0);
  const std::string archive = read_file(path);
  for (const char* kind : {"encoder", "decoder", "cross"}) {
    const std::vector<float> weights = array_of(archive, std::string("text0_") + kind + "_weights");
    CHECK(!weights.empty());
    CHECK(array_of(archive, std::string("text0_") + kind + "_scores").size() == weights.size());
  }
  CHECK(run_attn({"trace", kTranslator, "--text", "abc", "--out", path}).exit_code != 0);  // it exists
  for (const std::vector<std::string>& mistake :
       std::vector<std::vector<std::string>>{{"--what", "q,x", "--out", folder.path("a.npz")},
                                             {"--out", folder.path("a.csv")},
                                             {},
                                             {"--target", "a", "--out", folder.path("a.npz"), "--what", ""}}) {
    std::vector<std::string> arguments = {"trace", kModel, "--text", "abc"};
    arguments.insert(arguments.end(), mistake.begin(), mistake.end());
    CHECK(run_attn(arguments).exit_code == 2);
  }
  CHECK(!std::filesystem::exists(folder.path("a.npz")));
}

TEST_CASE("lens: every layer's probabilities are those of transformers") {
  const Json expected = reference();
  const std::string text = expected.at("text").as_string();
  const Outcome outcome = run_attn({"lens", kModel, "--text", text, "--top", "2"});
  REQUIRE_MESSAGE(outcome.exit_code == 0, outcome.err);
  const CsvRows rows = read_csv(outcome.out);
  const auto& layers = expected.at("lens").as_array();
  REQUIRE(rows.size() == 1 + 2 * layers.size() * text.size());
  std::size_t next = 1;
  for (std::size_t position = 0; position < text.size(); ++position) {
    for (std::size_t layer = 0; layer < layers.size(); ++layer) {
      std::vector<double> probabilities;
      flatten(layers[layer].as_array()[position], probabilities);
      std::sort(probabilities.begin(), probabilities.end(), std::greater<>());
      for (std::size_t rank = 0; rank < 2; ++rank, ++next) {
        CHECK(rows[next][1] == std::to_string(position));
        CHECK(rows[next][2] == text.substr(position, 1));
        CHECK(rows[next][3] == (layer == 0 ? "input" : std::to_string(layer - 1)));
        CHECK(rows[next][4] == std::to_string(rank + 1));
        CHECK(std::abs(std::stod(rows[next][6]) - probabilities[rank]) < 1e-5);
      }
    }
  }
}

TEST_CASE("lens: translators predict the next token of the target, encoders the token itself; others predict none") {
  const auto last = [](const std::vector<std::string>& arguments) {
    const Outcome outcome = run_attn(arguments);
    REQUIRE_MESSAGE(outcome.exit_code == 0, outcome.err);
    return read_csv(outcome.out).back();
  };
  const auto row = last({"lens", kTranslator, "--text", "abc", "--top", "1"});
  CHECK(row[3] == "1");
  CHECK(last({"lens", "tests/reference/bert_masked", "--text", "abc", "--top", "1"})[3] == "1");
  const Outcome classifier = run_attn({"lens", "tests/reference/bert_classifier", "--text", "abc"});
  CHECK(classifier.exit_code == 1);
  CHECK(classifier.err.find("predicts no tokens") != std::string::npos);
}

}  // namespace
}  // namespace attn
