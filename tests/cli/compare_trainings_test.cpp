// attn plot, compare and verify: commands that look back at trainings.

#include <doctest/doctest.h>

#include <filesystem>

#include "base/file.h"
#include "base/temporary_folder.h"
#include "cli/run_attn.h"
#include "support/csv_reader.h"

namespace attn {
namespace {

struct Lab {
  TemporaryFolder folder;
  Lab() {
    std::string text;
    for (int i = 0; i < 200; ++i) text += i % 3 == 0 ? "the cat sees the dog.\n" : "a dog runs home.\n";
    write_file(folder.path("text.txt"), text);
  }
  void train(const std::string& out, const std::string& rate) const {
    const Outcome run = run_attn({"train",
                                  "generate",
                                  folder.path("text.txt"),
                                  "--out",
                                  folder.path(out),
                                  "--tokenizer",
                                  "char",
                                  "--layers",
                                  "1",
                                  "--heads",
                                  "2",
                                  "--d-model",
                                  "16",
                                  "--context",
                                  "16",
                                  "--batch",
                                  "4",
                                  "--steps",
                                  "20",
                                  "--eval-every",
                                  "10",
                                  "--quiet",
                                  "--lr",
                                  rate});
    REQUIRE_MESSAGE(run.exit_code == 0, run.err);
  }
};

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("compare, plot: a row and two lines a training, the options that differ") {
  const Lab lab;
  lab.train("a", "0.01");
  lab.train("b", "0.02");
  const std::string a = lab.folder.path("a"), b = lab.folder.path("b");
  const CsvRows rows = read_csv(run_attn({"compare", a, b}).out);
  REQUIRE(rows.size() == 3);
  CHECK(rows[0] == std::vector<std::string>{"model", "lr", "min-lr", "steps", "seconds", "parameters", "train_loss",
                                            "valid_loss", "best_step", "best_valid_loss", "best_bits_per_character"});
  CHECK(rows[1][0] == a);
  CHECK(rows[1][1] == "0.01");
  CHECK(rows[2][1] == "0.02");
  CHECK(rows[2][3] == "20");
  const Outcome plot = run_attn({"plot", a, lab.folder.path("b/training/log.csv")});
  CHECK(plot.exit_code == 0);
  CHECK(plot.out.starts_with("<svg "));
  CHECK(contains(plot.out, a + ", validation"));
  CHECK(run_attn({"plot", a, "--columns", "los"}).exit_code == 2);
  CHECK(run_attn({"plot", lab.folder.path("none")}).exit_code == 1);
}

TEST_CASE("verify: reproduced, another option, changed and missing data") {
  const Lab lab;
  lab.train("a", "0.01");
  const std::string a = lab.folder.path("a"), conf = lab.folder.path("a/training/options.conf");
  const std::string model = read_file(a + "/model.safetensors");
  const Outcome same = run_attn({"verify", a});
  CHECK_MESSAGE(same.exit_code == 0, same.err);
  CHECK(same.out == "reproduced: 2 evaluations and model.safetensors are the same bits\n");
  std::string options = read_file(conf);
  options.replace(options.find("seed = 1"), 8, "seed = 2");
  write_file(conf, options);
  const Outcome other = run_attn({"verify", a});
  CHECK(other.exit_code == 1);
  CHECK(other.out.starts_with("differs at step 10: train_loss was "));
  CHECK(!contains(other.err, "step 20/20"));  // it does not go on
  CHECK(contains(other.err, "step 10/20"));
  CHECK(!contains(run_attn({"verify", a, "--quiet"}).err, "step 10/20"));
  CHECK(read_file(a + "/model.safetensors") == model);
  write_file(lab.folder.path("text.txt"), "other text");
  CHECK(contains(run_attn({"verify", a}).err, "has changed since the training"));
  std::filesystem::remove(lab.folder.path("text.txt"));
  CHECK(contains(run_attn({"verify", a}).err, "is not there"));
}

TEST_CASE("verify: a later evaluation, one that is missing, a number of the weights") {
  const Lab lab;
  lab.train("a", "0.01");
  const std::string a = lab.folder.path("a"), log = a + "/training/log.csv", weights = a + "/model.safetensors";
  const std::string rows = read_file(log), model = read_file(weights);
  std::string changed = model;
  changed.back() = static_cast<char>(changed.back() ^ 1);
  write_file(weights, changed);
  const Outcome number = run_attn({"verify", a});
  CHECK(number.exit_code == 1);
  CHECK_MESSAGE(number.out.starts_with("differs in model.safetensors: number "), number.out);
  CHECK(contains(number.out, ", is now "));
  write_file(weights, model);

  const std::size_t second = rows.find("\n20,");
  REQUIRE(second != std::string::npos);
  std::string other_loss = rows;
  const std::size_t loss = rows.find(',', rows.find(',', second + 4) + 1) + 1;  // behind step, tokens, seconds
  other_loss.replace(loss, 1, rows[loss] == '9' ? "8" : "9");
  write_file(log, other_loss);
  const Outcome later = run_attn({"verify", a});
  CHECK(later.exit_code == 1);
  CHECK_MESSAGE(later.out.starts_with("differs at step 20: train_loss was "), later.out);
  CHECK(contains(later.out, "the same up to step 10"));
  std::string missing = rows;
  missing.erase(rows.find("\n10,"), second - rows.find("\n10,"));
  write_file(log, missing);
  CHECK(contains(run_attn({"verify", a}).out, "differs at step 20: this evaluation is now at step 10"));
}

}  // namespace attn
