// attn evaluate measures what attn train measures: on the file of --valid, the loss is the best valid_loss.

#include <doctest/doctest.h>

#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "base/temporary_folder.h"
#include "cli/run_attn.h"

namespace attn {
namespace {

struct Case {
  std::vector<std::string> train;     // task and its own options
  std::vector<std::string> data;      // attn data …
  std::vector<std::string> evaluate;  // options
};

Json evaluate_trained(const Case& example, Json& trained) {
  const TemporaryFolder folder;
  std::vector<std::string> data = {"data"};
  data.insert(data.end(), example.data.begin(), example.data.end());
  data.insert(data.end(), {"--lines", "60", "--seed", "1"});
  const std::string train = folder.path("train.tsv"), valid = folder.path("valid.tsv"), model = folder.path("model");
  write_file(train, run_attn(data).out);
  data.insert(data.end(), {"--part", "valid"});
  write_file(valid, run_attn(data).out);
  std::vector<std::string> command = {"train"};
  command.insert(command.end(), example.train.begin(), example.train.end());
  command.insert(command.end(), {train, "--valid", valid, "--out", model, "--json", "--steps", "3", "--layers", "1",
                                 "--heads", "2", "--d-model", "8", "--context", "24", "--threads", "1"});
  const Outcome training = run_attn(command);
  REQUIRE_MESSAGE(training.exit_code == 0, training.err);
  trained = parse_json(training.out, "train");
  command = {"evaluate", model, valid, "--json"};
  command.insert(command.end(), example.evaluate.begin(), example.evaluate.end());
  const Outcome outcome = run_attn(command);
  REQUIRE_MESSAGE(outcome.exit_code == 0, outcome.err);
  return parse_json(outcome.out, "evaluate");
}

TEST_CASE("evaluate: on the validation file, the loss is the one that training reports") {
  for (const Case& example :
       {Case{{"fill"}, {"stories"}, {}}, Case{{"fill", "--lines"}, {"stories"}, {"--lines"}},
        Case{{"fill", "--lines", "--seed", "7"}, {"stories"}, {"--lines", "--seed", "7"}},
        Case{{"translate"}, {"dates"}, {}}, Case{{"chat"}, {"dates"}, {}}, Case{{"classify"}, {"reviews"}, {}},
        Case{{"generate", "--lines"}, {"stories"}, {"--lines"}}}) {
    CAPTURE(example.train);
    Json trained;
    const Json figures = evaluate_trained(example, trained);
    CHECK(figures.at("loss").as_double() == doctest::Approx(trained.at("valid_loss").as_double()).epsilon(1e-6));
    if (const Json* bits = figures.find("bits_per_character")) {
      CHECK(bits->as_double() == doctest::Approx(trained.at("valid_bits_per_character").as_double()).epsilon(1e-6));
    }
  }
}

TEST_CASE("evaluate: greedy replies of a model of train chat") {
  const TemporaryFolder folder;
  const std::string lines = folder.path("lines.tsv"), model = folder.path("model");
  write_file(lines, "what is statquest\tawesome\nstatquest is what\tawesome\n");
  const Outcome training =
      run_attn({"train", "chat", lines, "--out", model, "--tokenizer", "char", "--steps", "60", "--layers", "1",
                "--heads", "2", "--d-model", "16", "--lr", "0.01", "--threads", "1"});
  REQUIRE_MESSAGE(training.exit_code == 0, training.err);
  const Outcome all = run_attn({"evaluate", model, lines});
  CHECK(all.exit_code == 0);
  CHECK(all.out.find("\nexact_match 1.0\n") != std::string::npos);
  const Outcome half =
      run_attn({"evaluate", model, "--json"}, {.input = "what is statquest\tawesome\nstatquest is what\tAwesome\n"});
  CHECK(parse_json(half.out, "output").at("exact_match").as_double() == 0.5);
  CHECK(run_attn({"evaluate", model, lines, "--per-line"}).out.find("\n1,8,") != std::string::npos);
  CHECK(run_attn({"evaluate", model, lines, "--lines"}).exit_code == 2);
}

TEST_CASE("evaluate: an encoder that fills masks") {
  Json trained;
  const Case lines{{"fill", "--lines", "--tokenizer", "char"}, {"stories"}, {"--lines"}};
  const Json figures = evaluate_trained(lines, trained);
  CHECK(figures.at("texts").as_int() == 60);
  CHECK(figures.at("masked_tokens").as_int() > 120);
  CHECK(figures.at("masked_tokens").as_int() < figures.at("tokens").as_int() / 5);
  CHECK(figures.at("accuracy").as_double() >= 0);
  CHECK(figures.at("accuracy").as_double() < 0.9);
  const Json other = evaluate_trained({lines.train, lines.data, {"--lines", "--seed", "2"}}, trained);
  CHECK(other.at("masked_tokens").as_int() == figures.at("masked_tokens").as_int());
  CHECK(other.at("loss").as_double() != figures.at("loss").as_double());
}

}  // namespace
}  // namespace attn
