// attn train, as a user runs it: what it writes, that runs repeat bit for bit, and what it says when something is wrong.

#include <doctest/doctest.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>

#include "base/file.h"
#include "base/json.h"
#include "base/sha256.h"
#include "cli/run_attn.h"
#include "cli/train_lab.h"

namespace attn {

TEST_CASE("train: leaves a whole model folder, a log, and says as JSON what came out") {
  const Lab lab;
  const Outcome run = run_attn(lab.command("m", {"--json"}));
  REQUIRE_MESSAGE(run.exit_code == 0, run.err);
  for (const char* name :
       {"config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json", "generation_config.json",
        "training/state.safetensors", "training/options.conf", "training/log.csv"}) {
    CHECK_MESSAGE(lab.has(std::string("m/") + name), name);
  }
  const Json result = parse_json(run.out, "output");
  CHECK(result.at("steps").as_int() == 60);
  CHECK(result.at("tokens").as_int() == 60 * 4 * 16);
  CHECK(result.at("valid_loss").as_double() < 2.9);
  CHECK(result.at("model_sha256").as_string() == lab.digest("m"));
  for (const char* name : {"seconds", "tokens_per_second", "train_loss", "valid_bits_per_character", "best_step",
                           "parameters", "peak_memory_bytes"}) {
    CHECK_MESSAGE(result.at(name).as_double() > 0, name);
  }
  const std::string log = read_file(lab.folder.path("m/training/log.csv"));
  CHECK(
      log.starts_with("step,tokens,seconds,train_loss,valid_loss,valid_bits_per_character,learning_rate,"
                      "gradient_norm,tokens_per_second\n20,1280,"));
  CHECK(std::count(log.begin(), log.end(), '\n') == 4);
}

TEST_CASE("train: the same bits with 1, 2 and 3 threads, and again from options.conf") {
  const Lab lab;
  for (const char* threads : {"1", "2", "3"}) {
    REQUIRE(run_attn(lab.command(threads, {"--threads", threads})).exit_code == 0);
    CHECK(lab.digest(threads) == lab.digest("1"));
  }
  const Outcome again = run_attn(
      {"train", "--config", lab.folder.path("1/training/options.conf"), "--out", lab.folder.path("again"), "--quiet"});
  REQUIRE_MESSAGE(again.exit_code == 0, again.err);
  CHECK(lab.digest("again") == lab.digest("1"));
  REQUIRE(run_attn(lab.command("seed", {"--seed", "2"})).exit_code == 0);
  CHECK(lab.digest("seed") != lab.digest("1"));
}

TEST_CASE("train: --precision bf16 is recorded, the same bits on any number of threads, resumed, and near f32") {
  const Lab lab;
  const std::vector<std::string> constant = {"--schedule", "constant", "--warmup", "5"};
  const auto train = [&](const std::string& out, std::vector<std::string> more) {
    more.insert(more.end(), constant.begin(), constant.end());
    const Outcome outcome = run_attn(lab.command(out, more));
    REQUIRE_MESSAGE(outcome.exit_code == 0, outcome.err);
    return log_without_times(lab.folder.path(out + "/training/log.csv"));
  };
  train("f32", {});
  const std::string log = train("bf16", {"--precision", "bf16"});
  CHECK(lab.digest("bf16") != lab.digest("f32"));
  CHECK(contains(read_file(lab.folder.path("bf16/training/options.conf")), "\nprecision = bf16\n"));
  CHECK(train("threads", {"--precision", "bf16", "--threads", "3"}) == log);
  CHECK(lab.digest("threads") == lab.digest("bf16"));

  train("resumed", {"--precision", "bf16", "--steps", "40"});
  const Outcome other = run_attn(lab.command("resumed", {"--resume", "--precision", "f32"}));
  CHECK(other.exit_code != 0);
  CHECK(contains(other.err, "--precision"));
  CHECK(run_attn({"train", "--resume", lab.folder.path("resumed"), "--steps", "60", "--quiet"}).exit_code == 0);
  CHECK(lab.digest("resumed") == lab.digest("bf16"));

  const auto loss = [&](const std::string& out) {
    const Outcome outcome = run_attn({"evaluate", lab.folder.path(out), lab.text, "--json"});
    return parse_json(outcome.out, "stdout").at("loss").as_double();
  };
  CHECK(loss("bf16") == doctest::Approx(loss("f32")).epsilon(0.01));
  const Outcome wrong = run_attn(lab.command("wrong", {"--precision", "int8"}));
  CHECK(wrong.exit_code == 2);
  CHECK(contains(wrong.err, "bf16"));
}

TEST_CASE("train: a loss that is no number stops with step and learning rate; the last good model stays") {
  const Lab lab;
  // A minimum far above the peak: the first step leaves the model as it was, the second one ruins it.
  const Outcome run = run_attn(lab.command("m", {"--lr", "1e-3", "--min-lr", "1e30", "--schedule", "linear", "--warmup",
                                                 "0", "--clip", "0", "--eval-every", "1"}));
  CHECK(run.exit_code == 1);
  CHECK(contains(run.err, "step "));
  CHECK(contains(run.err, "learning rate"));
  CHECK(contains(run.err, "--lr"));
  const Outcome kept = run_attn({"evaluate", lab.folder.path("m"), "--text", "the cat sees it", "--json"});
  REQUIRE_MESSAGE(kept.exit_code == 0, kept.err);
  CHECK_FALSE(contains(kept.out, "null"));
}

TEST_CASE("train: mistakes are named") {
  const Lab lab;
  const auto error_of = [&](const std::vector<std::string>& words, int code) {
    const Outcome run = run_attn(words);
    CHECK_MESSAGE(run.exit_code == code, run.err);
    CHECK(std::count(run.err.begin(), run.err.end(), '\n') == 1);
    return run.err;
  };
  CHECK(contains(error_of({"train", "generat", lab.text, "--out", lab.folder.path("x")}, 2), "generate"));
  CHECK(contains(error_of({"train", "generate", lab.text}, 2), "--out"));
  CHECK(contains(error_of({"train", "generate", "--out", lab.folder.path("x")}, 2), "text"));
  CHECK(contains(error_of({"train", "generate", "none.txt", "--out", lab.folder.path("x")}, 1), "none.txt"));
  CHECK(contains(error_of(lab.command("x", {"--context", "100000"}), 2), "--context 100000"));
  CHECK(contains(error_of(lab.command("x", {"--heads", "3"}), 2), "--heads 3"));
  CHECK(contains(error_of(lab.command("x", {"--lr", "-1"}), 2), "--lr"));
  CHECK(contains(error_of({"train", "--resume", lab.folder.path("nothing")}, 1), "nothing"));
  write_file(lab.folder.path("empty.txt"), "");
  CHECK(contains(error_of({"train", "generate", lab.folder.path("empty.txt"), "--out", lab.folder.path("x")}, 1),
                 "is empty"));
  write_file(lab.folder.path("bad.txt"),
             "good\nb\xFF"
             "d\n");
  CHECK(contains(error_of({"train", "generate", lab.folder.path("bad.txt"), "--out", lab.folder.path("x")}, 1),
                 "bad.txt:2"));
}

TEST_CASE("train: a model is not overwritten unless --force says so") {
  const Lab lab;
  REQUIRE(run_attn(lab.command("m")).exit_code == 0);
  const std::string before = lab.digest("m");
  const Outcome again = run_attn(lab.command("m", {"--seed", "5"}));
  CHECK(again.exit_code != 0);
  CHECK(contains(again.err, "--force"));
  CHECK(lab.digest("m") == before);
  CHECK(run_attn(lab.command("m", {"--seed", "5", "--force"})).exit_code == 0);
  CHECK(lab.digest("m") != before);
}

TEST_CASE("train: texts of a few characters, of one line, with NUL and CRLF all train") {
  const TemporaryFolder folder;
  const std::pair<const char*, std::string> texts[] = {{"tiny", "abab"},
                                                       {"line", std::string(500, 'x')},
                                                       {"nul", std::string("a\0b\0", 4) + small_text(20)},
                                                       {"crlf", "one\r\ntwo\r\nthree\r\nfour\r\nfive\r\nsix\r\n"},
                                                       {"emoji", "🙂🙃🙂🙃 äöü ẞ 漢字\n"}};
  for (const auto& [name, text] : texts) {
    write_file(folder.path(name), text);
    for (const char* tokenizer : {"char", "byte", "bpe"}) {
      const std::string out = folder.path(std::string(name) + tokenizer);
      const Outcome run = run_attn({"train", "generate", folder.path(name), "--out", out, "--tokenizer", tokenizer,
                                    "--steps", "3", "--d-model", "8", "--layers", "1", "--batch", "2"});
      CHECK_MESSAGE(run.exit_code == 0, out, run.err);
    }
  }
}

TEST_CASE("train: --columns picks the text of lines in a table; without --lines it is an error") {
  const TemporaryFolder folder;
  std::string csv = "id,review\n";
  for (int i = 0; i < 40; ++i) csv += std::to_string(1000 + i) + ",\"nice, really\"\n";
  write_file(folder.path("r.csv"), csv);
  std::vector<std::string> words = {
      "train",     "generate", folder.path("r.csv"), "--out", folder.path("m"), "--steps", "2", "--tokenizer", "char",
      "--d-model", "8",        "--layers",           "1",     "--columns",      "review"};
  CHECK(run_attn(words).exit_code == 2);
  words.push_back("--lines");
  const Outcome run = run_attn(words);
  REQUIRE_MESSAGE(run.exit_code == 0, run.err);
  CHECK_FALSE(contains(read_file(folder.path("m/tokenizer.json")), "\"7\""));
}

TEST_CASE("train: checkpoints are kept as model folders, the newest N of them") {
  const Lab lab;
  REQUIRE(run_attn(lab.command("m", {"--save-every", "10", "--keep", "2"})).exit_code == 0);
  CHECK(lab.has("m/training/step-60/config.json"));
  CHECK(lab.has("m/training/step-50/tokenizer.json"));
  CHECK_FALSE(lab.has("m/training/step-40"));
}

TEST_CASE("train: patience ends early, --plan trains nothing, --time records its steps") {
  const Lab lab;
  const Outcome patient = run_attn(lab.command(
      "p", {"--patience", "1", "--lr", "1e-9", "--steps", "4000", "--eval-every", "1", "--dropout", "0.5", "--json"}));
  REQUIRE_MESSAGE(patient.exit_code == 0, patient.err);
  CHECK(parse_json(patient.out, "output").at("steps").as_int() < 4000);

  const Outcome plan = run_attn(lab.command("plan", {"--plan"}));
  CHECK(plan.exit_code == 0);
  CHECK(contains(plan.out, "seconds_per_1000_steps"));
  CHECK_FALSE(lab.has("plan"));

  const Outcome timed = run_attn(
      {"train", "generate", lab.text, "--out", lab.folder.path("t"), "--time", "1s", "--d-model", "16", "--quiet"});
  REQUIRE_MESSAGE(timed.exit_code == 0, timed.err);
  const std::string options = read_file(lab.folder.path("t/training/options.conf"));
  CHECK(contains(options, "\nsteps = "));
  CHECK_FALSE(contains(options, "\ntime = "));
}

}  // namespace attn
