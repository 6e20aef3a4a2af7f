#include <doctest/doctest.h>

#include <algorithm>

#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "base/temporary_folder.h"
#include "cli/run_attn.h"
#include "models/folder.h"
#include "support/csv_reader.h"

namespace attn {
namespace {

/// What transformers, scikit-learn and SciPy say; made by tests/reference/make_evaluations.py.
Json read_reference(const char* kind) {
  return read_json("tests/reference/evaluations.json").at(kind);
}

std::string joined(const Json& lines) {
  std::string text;
  for (const Json& line : lines.as_array()) text += line.as_string() + "\n";
  return text;
}

bool contains(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

/// The reference's classifier with its other bias, and its lines in a file.
struct Classifier {
  Classifier() {
    const ModelFolder original("tests/reference/bert_classifier");
    const auto classifier = load_encoder(original);
    for (std::size_t i = 0; i < 3; ++i) {
      classifier->classifier_bias().data[i] = static_cast<float>(reference.at("bias").as_array()[i].as_double());
    }
    save_model(model, classifier->config(), classifier->parameters().list());
    write_file(join_path(model, kTokenizerFile), original.read(kTokenizerFile));
    write_file(file, joined(reference.at("lines")));
  }
  Outcome operator()(std::vector<std::string> arguments, const RunOptions& options = {}) const {
    arguments.insert(arguments.begin(), {"evaluate", model});
    return run_attn(arguments, options);
  }

  Json reference = read_reference("classification");
  TemporaryFolder folder;
  std::string model = folder.path("model"), file = folder.path("lines.tsv");
};

TEST_CASE("evaluate: a classifier's figures equal those of transformers and scikit-learn") {
  const Classifier evaluate;
  const Outcome outcome = evaluate({evaluate.file, "--json"});
  CHECK(outcome.exit_code == 0);
  CHECK(outcome.err.empty());
  const Json figures = parse_json(outcome.out, "output");
  CHECK(figures.at("loss").as_double() == doctest::Approx(evaluate.reference.at("loss").as_double()).epsilon(1e-5));
  for (const char* name : {"accuracy", "macro_f1"}) {
    CHECK(figures.at(name).as_double() == doctest::Approx(evaluate.reference.at(name).as_double()).epsilon(1e-12));
  }
  CHECK(figures.at("texts").as_int() == 40);
  const auto& labels = evaluate.reference.at("labels").as_array();
  for (const char* name : {"precision", "recall", "f1"}) {
    for (std::size_t i = 0; i < labels.size(); ++i) {
      CHECK(figures.at(concat(name, "_", labels[i].as_string())).as_double() ==
            doctest::Approx(evaluate.reference.at(name).as_array()[i].as_double()).epsilon(1e-12));
    }
  }
}

TEST_CASE("evaluate: a classifier's confusion matrix, in a file or instead of the figures") {
  const Classifier evaluate;
  std::string expected = "actual,cold,mild,hot\n";
  for (std::size_t i = 0; i < 3; ++i) {
    expected += evaluate.reference.at("labels").as_array()[i].as_string();
    for (const Json& count : evaluate.reference.at("confusion").as_array()[i].as_array()) {
      expected += concat(",", count.as_int());
    }
    expected += "\n";
  }
  CHECK(evaluate({evaluate.file, "--confusion", "-"}).out == expected);
  const std::string path = evaluate.folder.path("confusion.csv");
  const Outcome outcome = evaluate({evaluate.file, "--confusion", path});
  CHECK(outcome.exit_code == 0);
  CHECK(contains(outcome.out, "accuracy 0.425\n"));
  CHECK(contains(outcome.err, path));
  CHECK(read_file(path) == expected);
  CHECK(evaluate({evaluate.file, "--confusion", path}).exit_code == 1);
  CHECK(evaluate({evaluate.file, "--confusion", path, "--force"}).exit_code == 0);
}

TEST_CASE("evaluate: a classifier's answers line by line, and columns of other files") {
  const Classifier evaluate;
  const auto rows = read_csv(evaluate({evaluate.file, "--per-line"}).out);
  REQUIRE(rows.size() == 41);
  CHECK(rows[0] == std::vector<std::string>{"text", "label", "predicted", "log_probability"});
  std::string csv = "review,n,mood\n";
  for (std::size_t i = 0; i < 40; ++i) {
    const std::string line = evaluate.reference.at("lines").as_array()[i].as_string();
    CHECK(rows[i + 1][1] == line.substr(0, line.find('\t')));
    CHECK(rows[i + 1][2] == evaluate.reference.at("predicted").as_array()[i].as_string());
    CHECK(std::stod(rows[i + 1][3]) ==
          doctest::Approx(evaluate.reference.at("log_probability").as_array()[i].as_double()).epsilon(1e-4));
    csv += concat('"', line.substr(line.find('\t') + 1), "\",", i, ",", line.substr(0, line.find('\t')), "\n");
  }
  write_file(evaluate.folder.path("lines.csv"), csv);
  CHECK(evaluate({evaluate.folder.path("lines.csv"), "--columns", "label=mood,text=review"}).out ==
        evaluate({evaluate.file}).out);
  CHECK(evaluate({"--columns", "3,1", "--header"}, {.input = "t\tn\tl\na\t1\tcold\n"}).exit_code == 0);
}

TEST_CASE("evaluate: mistakes about encoders are named") {
  const Classifier evaluate;
  const Outcome label = evaluate({}, {.input = "cold\ta\nwarm\tb\n"});
  CHECK(label.exit_code == 1);
  CHECK(contains(label.err, "standard input:2: found the label 'warm', expected one of the model's: cold, mild, hot"));
  CHECK(contains(evaluate({}, {.input = "cold\n"}).err, "standard input:1: found 1 column, expected 2 (label, text)"));
  const Outcome option = evaluate({evaluate.file, "--lines"});
  CHECK(option.exit_code == 2);
  CHECK(contains(option.err, "--lines means nothing for"));
  CHECK(evaluate({evaluate.file, "--seed", "2"}).exit_code == 2);
  CHECK(evaluate({evaluate.model, evaluate.file, "--confusion", "-"}).exit_code == 2);
  const Outcome kinds = evaluate({"tests/reference/bert_model", evaluate.file});
  CHECK(kinds.exit_code == 1);
  CHECK(contains(kinds.err, "of one kind"));
  const Outcome score = run_attn({"evaluate", "tests/reference/bert_model"}, {.input = "1\ta\tb\nx\ta\tb\n"});
  CHECK(score.exit_code == 1);
  CHECK(contains(score.err, "standard input:2: found 'x', expected a score"));
}

TEST_CASE("evaluate: several classifiers are rows of a table") {
  const Classifier evaluate;
  const auto rows = read_csv(evaluate({"tests/reference/bert_classifier", evaluate.file}).out);
  REQUIRE(rows.size() == 3);
  CHECK(std::vector(rows[0].begin(), rows[0].begin() + 5) ==
        std::vector<std::string>{"model", "loss", "accuracy", "macro_f1", "texts"});
  CHECK(rows[1][0] == evaluate.model);
  CHECK(rows[1][2] == "0.425");
  CHECK(rows[2][2] != rows[1][2]);
}

TEST_CASE("evaluate: vectors against scores and among pairs equal SciPy's figures") {
  const Json reference = read_reference("embedding");
  const auto figures_of = [](const std::string& lines) {
    return parse_json(run_attn({"evaluate", "tests/reference/bert_model", "--json"}, {.input = lines}).out, "output");
  };
  const Json similarity = figures_of(joined(reference.at("scored_lines")));
  CHECK(similarity.at("spearman").as_double() == doctest::Approx(reference.at("spearman").as_double()).epsilon(1e-9));
  CHECK(similarity.at("pearson").as_double() == doctest::Approx(reference.at("pearson").as_double()).epsilon(1e-4));
  CHECK(similarity.at("pairs").as_int() == 25);
  const Json retrieval = figures_of(joined(reference.at("pair_lines")));
  for (const char* name : {"recall_at_1", "recall_at_5", "recall_at_10", "mrr"}) {
    CHECK(retrieval.at(name).as_double() == doctest::Approx(reference.at(name).as_double()).epsilon(1e-9));
  }
  CHECK(retrieval.at("pairs").as_int() == 25);
}

}  // namespace
}  // namespace attn
