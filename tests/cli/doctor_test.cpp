// attn doctor: healthy and unhealthy trainings, folders and files.

#include <doctest/doctest.h>

#include "base/file.h"
#include "base/json.h"
#include "base/temporary_folder.h"
#include "cli/doctor_findings.h"
#include "cli/run_attn.h"

namespace attn {
namespace {

Evaluation row(std::int64_t step, double train_loss, double valid_loss) {
  Evaluation evaluation;
  evaluation.step = step;
  evaluation.train_loss = train_loss;
  evaluation.valid_loss = valid_loss;
  return evaluation;
}

TEST_CASE("doctor: verdicts on curves") {
  CHECK(judge_initial_loss(4.2, 4.17, false).verdict == Verdict::ok);
  CHECK(judge_initial_loss(2.0, 4.17, false).verdict == Verdict::look);
  CHECK(judge_initial_loss(2.0, 4.17, true).verdict == Verdict::ok);
  CHECK(judge_initial_loss(9.0, 4.17, false).verdict == Verdict::bad);
  CHECK(judge_learning({row(500, 2, 2.1), row(1000, 1.5, 1.8)}, 4.2).verdict == Verdict::ok);
  CHECK(judge_learning({row(500, 4.2, 4.2), row(1000, 4.2, 4.19)}, 4.2).verdict == Verdict::bad);
  CHECK(judge_learning({row(100, 4.2, 4.19)}, 4.2).verdict == Verdict::look);
  CHECK(judge_learning({row(500, 2, 2.1), row(1000, 5, 5.3)}, 4.2).verdict == Verdict::bad);
  CHECK(judge_learning({row(500, 1.5, 2.1), row(1000, 0.1, 4.4)}, 4.2).verdict == Verdict::ok);  // judge_gap's matter
  CHECK(judge_gap({row(500, 2, 2.1), row(1000, 1.5, 1.8)}).verdict == Verdict::ok);
  CHECK(judge_gap({row(500, 1.5, 2.1), row(1000, 1.0, 2.4)}).verdict == Verdict::look);
  CHECK(judge_gap({row(500, 1.5, 2.1), row(1000, 0.1, 4.4)}).verdict == Verdict::bad);
  CHECK(judge_heads({{AttentionKind::decoder, 0, 0, 0.001}, {AttentionKind::decoder, 0, 1, 0.5}}).verdict ==
        Verdict::ok);
  CHECK(judge_heads({{AttentionKind::decoder, 0, 0, 0.001}, {AttentionKind::decoder, 0, 1, 0.0}}).verdict ==
        Verdict::bad);
  CHECK(judge_units({{"layers.0", 100, 3}}, "relu").verdict == Verdict::ok);
  CHECK(judge_units({{"layers.0", 100, 30}, {"layers.1", 100, 90}}, "relu").verdict == Verdict::bad);
}

TEST_CASE("doctor: a file, a folder, and mistakes") {
  const TemporaryFolder folder;
  std::string text, pairs;
  for (int i = 0; i < 200; ++i) text += i % 3 == 0 ? "the cat sees the dog.\n" : "a dog runs home.\n";
  for (int i = 0; i < 200; ++i) pairs += i % 2 == 0 ? "good\ta fine day\n" : "bad\ta rainy day\n";
  write_file(folder.path("text.txt"), text);
  write_file(folder.path("labels.tsv"), pairs);
  const std::vector<std::string> shape = {"--layers", "1", "--heads", "2", "--d-model", "16", "--steps", "60"};
  const auto doctor = [&](std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), "doctor");
    arguments.insert(arguments.end(), shape.begin(), shape.end());
    return run_attn(arguments);
  };
  const Outcome healthy = doctor({folder.path("text.txt"), "--tokenizer", "char", "--lr", "0.01"});
  CHECK_MESSAGE(healthy.exit_code == 0, healthy.out, healthy.err);
  CHECK(healthy.err.find("attn train generate") != std::string::npos);

  const Outcome labels = doctor({folder.path("labels.tsv"), "--json"});
  CHECK(labels.err.find("attn train classify") != std::string::npos);
  const Json findings = parse_json(labels.out, "doctor");
  REQUIRE(findings.as_array().size() == 7);
  CHECK(findings.as_array()[0].find("check")->as_string() == "initial loss");
  CHECK(findings.as_array()[0].find("expected")->as_double() == doctest::Approx(0.6931).epsilon(1e-3));

  const Outcome wild = doctor({folder.path("text.txt"), "--tokenizer", "char", "--lr", "100", "--clip", "0"});
  CHECK(wild.exit_code == 1);
  CHECK(wild.out.find("bad") != std::string::npos);

  const std::string model = folder.path("model");
  std::vector<std::string> train = {"train", "generate", folder.path("text.txt"), "--out", model, "--tokenizer",
                                    "char",  "--quiet"};
  train.insert(train.end(), shape.begin(), shape.end());
  REQUIRE(run_attn(train).exit_code == 0);
  const Outcome trained = run_attn({"doctor", model});
  CHECK_MESSAGE(trained.exit_code == 0, trained.out, trained.err);
  CHECK(run_attn({"doctor", model, "--lr", "1"}).exit_code == 2);
  CHECK(run_attn({"doctor", folder.path("text.txt"), "--out", model}).exit_code == 2);
  const Outcome nothing = run_attn({"doctor", folder.path("nothing")});
  CHECK(nothing.exit_code == 1);
  CHECK(nothing.err.find("nothing: is not there") != std::string::npos);
}

}  // namespace
}  // namespace attn
