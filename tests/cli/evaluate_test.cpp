#include <doctest/doctest.h>

#include <cmath>
#include <numbers>

#include "base/json.h"
#include "base/temporary_folder.h"
#include "cli/run_attn.h"
#include "generation/cached_decoder.h"
#include "support/csv_reader.h"
#include "support/model_folder.h"

namespace attn {
namespace {

bool contains(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

struct Model {
  explicit Model(std::optional<std::int32_t> end_id = {}) : config(tiny_config(Architecture::gpt2, 16)) {
    config.end_id = end_id;
    write_model_folder(path, config);
  }
  // attn evaluate on the model.
  Outcome operator()(std::vector<std::string> arguments, const RunOptions& options = {}) const {
    arguments.insert(arguments.begin(), {"evaluate", path});
    return run_attn(arguments, options);
  }

  ModelConfig config;
  TemporaryFolder folder;
  std::string path = folder.path("model");
};

std::vector<std::int32_t> ids_of(const std::string& text) {
  std::vector<std::int32_t> ids;
  for (const char c : text) ids.push_back(c == '\n' ? 2 : c == ' ' ? 3 : c >= 'a' && c <= 's' ? c - 'a' + 4 : 0);
  return ids;
}

// Σ -log p of all tokens but the first, in windows of 16, by decoding token after token.
double total_loss(const ModelConfig& config, const std::vector<std::int32_t>& ids) {
  const auto model = random_model(config);
  ThreadPool pool(1);
  CachedDecoder decoder(*model, *simd::kernels(), pool, 1, 16);
  double loss = 0;
  for (std::size_t i = 0; i + 1 < ids.size(); ++i) {
    if (i % 16 == 0) {
      decoder.read({&ids[i], 1});
    } else {
      decoder.append({&ids[i], 1});
    }
    double sum = 0;
    for (const float logit : decoder.logits(0)) sum += std::exp(static_cast<double>(logit));
    loss += std::log(sum) - static_cast<double>(decoder.logits(0)[static_cast<std::size_t>(ids[i + 1])]);
  }
  return loss;
}

const std::string kText = "some hard pieces of bread\nand a long life for each\n";

TEST_CASE("evaluate: figures of a whole text") {
  const Model evaluate;
  write_file(evaluate.folder.path("text.txt"), kText);
  const Outcome outcome = evaluate({"--json", evaluate.folder.path("text.txt")});
  CHECK(outcome.exit_code == 0);
  CHECK(outcome.err.empty());
  const Json figures = parse_json(outcome.out, "output");
  const double loss = total_loss(evaluate.config, ids_of(kText));
  const auto characters = static_cast<double>(kText.size());
  CHECK(figures.at("loss").as_double() == doctest::Approx(loss / (characters - 1)).epsilon(1e-5));
  CHECK(figures.at("perplexity").as_double() == doctest::Approx(std::exp(loss / (characters - 1))).epsilon(1e-5));
  CHECK(figures.at("bits_per_character").as_double() ==
        doctest::Approx(loss / std::numbers::ln2 / characters).epsilon(1e-5));
  CHECK(figures.at("tokens").as_uint() == kText.size() - 1);
  CHECK(figures.at("characters").as_uint() == kText.size());
  CHECK(figures.at("unknown_characters").as_int() == 0);
}

TEST_CASE("evaluate: --precision int8 changes the loss a little, by line and by token too, on any number of threads") {
  const Model evaluate;
  const double loss = parse_json(evaluate({"--json", "--text", kText}).out, "output").at("loss").as_double();
  const Outcome int8 = evaluate({"--json", "--text", kText, "--precision", "int8"});
  CHECK(int8.exit_code == 0);
  const double change = parse_json(int8.out, "output").at("loss").as_double() - loss;
  CHECK(change != 0);
  CHECK(std::abs(change) < 0.02);
  CHECK(evaluate({"--json", "--text", kText, "--precision", "int8", "--threads", "3"}).out == int8.out);
  for (const char* table : {"--per-line", "--per-token"}) {
    CHECK(evaluate({table, "--text", kText, "--precision", "int8"}).out != evaluate({table, "--text", kText}).out);
  }
}

TEST_CASE("evaluate: file, standard input and --text are one") {
  const Model evaluate;
  write_file(evaluate.folder.path("text.txt"), kText);
  const Outcome from_file = evaluate({evaluate.folder.path("text.txt")});
  CHECK(from_file.out.starts_with("loss "));
  CHECK(contains(from_file.out, "\nperplexity "));
  CHECK(contains(from_file.out, "\ncharacters 51\n"));
  CHECK(evaluate({}, {.input = kText}).out == from_file.out);
  CHECK(evaluate({"-"}, {.input = kText}).out == from_file.out);
  CHECK(evaluate({"--text", kText}).out == from_file.out);
  CHECK(evaluate({"--text", kText, "--threads", "3"}).out == from_file.out);
}

TEST_CASE("evaluate: a row for each of several models") {
  const Model evaluate;
  write_model_folder(evaluate.folder.path("other"), tiny_config(Architecture::llama, 16));
  write_file(evaluate.folder.path("text.txt"), kText);
  const Outcome outcome = evaluate({evaluate.folder.path("other"), evaluate.folder.path("text.txt")});
  CHECK(outcome.exit_code == 0);
  const auto rows = read_csv(outcome.out);
  REQUIRE(rows.size() == 3);
  CHECK(rows[0] == std::vector<std::string>{"model", "loss", "perplexity", "bits_per_character", "tokens", "characters",
                                            "unknown_characters"});
  CHECK(rows[1][0] == evaluate.path);
  CHECK(rows[2][0] == evaluate.folder.path("other"));
  CHECK(rows[1][1] != rows[2][1]);
  CHECK(contains(evaluate({"--text", kText}).out, "loss " + rows[1][1] + "\n"));
  const Outcome json = evaluate({"--json", evaluate.folder.path("other"), "--text", kText});
  CHECK(parse_json(json.out, "output").as_array().size() == 2);
}

TEST_CASE("evaluate: per line and per token, without an end-of-text token") {
  const Model evaluate;
  const auto lines = read_csv(evaluate({"--per-line"}, {.input = "abc\n\na\nfeed\n"}).out);
  REQUIRE(lines.size() == 5);
  CHECK(lines[0] == std::vector<std::string>{"text", "tokens", "log_probability", "perplexity"});
  CHECK(lines[1][1] == "2");
  CHECK(std::stod(lines[1][2]) == doctest::Approx(-total_loss(evaluate.config, ids_of("abc"))).epsilon(1e-5));
  CHECK(std::stod(lines[1][3]) == doctest::Approx(std::exp(std::stod(lines[1][2]) / -2)).epsilon(1e-5));
  CHECK(lines[2] == std::vector<std::string>{"1", "0", "0", ""});
  CHECK(lines[3] == std::vector<std::string>{"2", "0", "0", ""});
  CHECK(std::stod(lines[4][2]) == doctest::Approx(-total_loss(evaluate.config, ids_of("feed"))).epsilon(1e-5));

  const auto tokens = read_csv(evaluate({"--per-token"}, {.input = "abc\nfe\n"}).out);
  REQUIRE(tokens.size() == 6);
  CHECK(tokens[0] == std::vector<std::string>{"text", "position", "token", "id", "log_probability", "rank", "entropy"});
  CHECK(tokens[1] == std::vector<std::string>{"0", "0", "a", "4", "", "", ""});
  CHECK(tokens[2][2] == "b");
  CHECK(std::stod(tokens[2][4]) + std::stod(tokens[3][4]) == doctest::Approx(std::stod(lines[1][2])).epsilon(1e-5));
  CHECK(tokens[5][0] == "1");
  CHECK(tokens[5][1] == "1");
}

TEST_CASE("evaluate: lines stand behind the end-of-text token if the model has one") {
  const Model evaluate(1);
  const auto tokens = read_csv(evaluate({"--per-token", "--text", "ab"}).out);
  REQUIRE(tokens.size() == 3);
  CHECK(tokens[1][1] == "0");
  CHECK(tokens[1][2] == "a");
  CHECK(!tokens[1][4].empty());
  const double loss = total_loss(evaluate.config, {1, 4, 5});
  CHECK(std::stod(tokens[1][4]) + std::stod(tokens[2][4]) == doctest::Approx(-loss).epsilon(1e-5));
  // As documents: a line, its end-of-text token, and so on; the first token only stands before the others.
  const Json documents = parse_json(evaluate({"--lines", "--json"}, {.input = "ab\nc\n"}).out, "output");
  CHECK(documents.at("tokens").as_int() == 4);
  CHECK(documents.at("loss").as_double() ==
        doctest::Approx(total_loss(evaluate.config, {4, 5, 1, 6, 1}) / 4).epsilon(1e-5));
}

TEST_CASE("evaluate: counts what the tokenizer does not know") {
  const Model evaluate;
  CHECK(contains(evaluate({"--text", "aXYb"}).out, "\nunknown_characters 2\n"));
  CHECK(contains(evaluate({"--text", "aXYb", "--per-line"}).err, "2 characters"));
}

TEST_CASE("evaluate: mistakes are named") {
  const Model evaluate;
  CHECK(evaluate({"nothing.txt"}).exit_code == 1);
  CHECK(contains(evaluate({"two words.txt"}).err, "did you mean --text"));
  CHECK(evaluate({"--per-line", "--per-token", "--text", "ab"}).exit_code == 2);
  CHECK(evaluate({evaluate.path, "--per-line", "--text", "ab"}).exit_code == 2);
  CHECK(evaluate({"--text", "a"}).exit_code == 1);
  CHECK(evaluate({}, {.input = ""}).exit_code == 1);
  const Outcome invalid = evaluate({}, {.input = "ab\n\xFF\n"});
  CHECK(invalid.exit_code == 1);
  CHECK(contains(invalid.err, ":2"));
}

}  // namespace
}  // namespace attn
