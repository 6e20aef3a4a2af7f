// attn train translate, as a user runs it.

#include <doctest/doctest.h>

#include <algorithm>
#include <filesystem>

#include "base/file.h"
#include "base/json.h"
#include "base/sha256.h"
#include "base/temporary_folder.h"
#include "cli/run_attn.h"
#include "support/csv_reader.h"

namespace attn {
namespace {

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

struct Lab {
  TemporaryFolder folder;
  std::string data = folder.path("reverse.tsv");

  Lab() { write_file(data, run_attn({"data", "reverse", "--lines", "400"}).out); }

  std::vector<std::string> command(const std::string& out, const std::vector<std::string>& more = {}) const {
    std::vector<std::string> words = {"train",       "translate", data,           "--out",   folder.path(out),
                                      "--tokenizer", "char",      "--layers",     "1",       "--heads",
                                      "2",           "--d-model", "16",           "--batch", "16",
                                      "--steps",     "40",        "--eval-every", "10",      "--quiet"};
    words.insert(words.end(), more.begin(), more.end());
    return words;
  }
  std::string digest(const std::string& out) const { return sha256_of_file(folder.path(out + "/model.safetensors")); }
};

}  // namespace

TEST_CASE("train translate: a Marian folder, the same bits with any number of threads, in parts and as a whole") {
  const Lab lab;
  const Outcome whole = run_attn(lab.command("whole", {"--threads", "1", "--json"}));
  REQUIRE_MESSAGE(whole.exit_code == 0, whole.err);
  const Json result = parse_json(whole.out, "output");
  CHECK(result.at("steps").as_int() == 40);
  CHECK(result.at("valid_bits_per_character").as_double() > 0);
  const Json config = read_json(lab.folder.path("whole/config.json"));
  CHECK(config.at("model_type") == Json("marian"));
  CHECK(config.at("decoder_start_token_id") == config.at("pad_token_id"));
  CHECK(config.at("forced_eos_token_id") == config.at("eos_token_id"));

  REQUIRE(run_attn(lab.command("threads", {"--threads", "3"})).exit_code == 0);
  CHECK(lab.digest("threads") == lab.digest("whole"));
  REQUIRE(run_attn({"train", "--config", lab.folder.path("whole/training/options.conf"), "--out",
                    lab.folder.path("again"), "--quiet"})
              .exit_code == 0);
  CHECK(lab.digest("again") == lab.digest("whole"));
}

TEST_CASE("train translate: more steps continue bit for bit") {
  const Lab lab;
  const std::vector<std::string> constant = {"--schedule", "constant", "--warmup", "5"};
  REQUIRE(run_attn(lab.command("whole", constant)).exit_code == 0);
  std::vector<std::string> half = constant;
  half.insert(half.end(), {"--steps", "20"});
  REQUIRE(run_attn(lab.command("parts", half)).exit_code == 0);
  CHECK(lab.digest("parts") != lab.digest("whole"));
  const Outcome rest = run_attn({"train", "--resume", lab.folder.path("parts"), "--steps", "40", "--quiet"});
  REQUIRE_MESSAGE(rest.exit_code == 0, rest.err);
  CHECK(lab.digest("parts") == lab.digest("whole"));
}

TEST_CASE("train translate: lines that are too long are cut, and that is said once") {
  const Lab lab;
  std::vector<std::string> command = lab.command("cut", {"--context", "8"});
  command.erase(std::find(command.begin(), command.end(), "--quiet"));
  const Outcome run = run_attn(command);
  REQUIRE_MESSAGE(run.exit_code == 0, run.err);
  const std::string cut = " lines are longer than the context and cut";
  const std::size_t place = run.err.find(cut);
  REQUIRE(place != std::string::npos);
  CHECK(run.err.find(cut, place + 1) == std::string::npos);
  // 7 letters and the end token fit; source and target of a line are of one length.
  std::size_t longer = 0;
  const std::string lines = read_file(lab.data);
  for (std::size_t begin = 0; begin < lines.size(); begin = lines.find('\n', begin) + 1) {
    longer += lines.find('\t', begin) - begin > 7 ? 1 : 0;
  }
  CHECK(contains(run.err, "\n" + std::to_string(longer) + cut));
  CHECK(contains(run.err, "transformer, 1 + 1 layers of 2 heads"));
}

TEST_CASE("train translate: a vocabulary that the data cannot fill shrinks, and that is said") {
  const Lab lab;
  std::vector<std::string> command = lab.command("bpe", {"--tokenizer", "bpe", "--vocab-size", "8000", "--steps", "1"});
  command.erase(std::find(command.begin(), command.end(), "--quiet"));
  const Outcome run = run_attn(command);
  REQUIRE_MESSAGE(run.exit_code == 0, run.err);
  CHECK(contains(run.err, "(bpe), as the data give no more than that of 8000"));
  CHECK(read_json(lab.folder.path("bpe/config.json")).at("vocab_size").as_int() < 8000);
}

TEST_CASE("train translate: samples are translations, and a probe has all kinds of attention at every evaluation") {
  const Lab lab;
  std::vector<std::string> command = lab.command("m", {"--probe", "abc\tcb", "--sample-every", "20"});
  command.erase(std::find(command.begin(), command.end(), "--quiet"));
  const Outcome run = run_attn(command);
  REQUIRE_MESSAGE(run.exit_code == 0, run.err);
  CHECK(contains(run.err, "sample: "));
  CHECK(contains(run.err, " -> "));
  const CsvRows rows = read_csv(read_file(lab.folder.path("m/training/probe.csv")));
  CHECK(rows[0][0] == "step");
  REQUIRE((rows.size() - 1) % (2 * (16 + 9 + 12)) == 0);
  CHECK(rows.size() > 1);
  CHECK(rows[1][4] == "encoder");
  CHECK(rows.back()[4] == "cross");
  CHECK(rows.back()[6] == "b");
  CHECK(rows.back()[8] == "</s>");
  const Outcome no_tab = run_attn(lab.command("n", {"--probe", "abc"}));
  CHECK(no_tab.exit_code == 2);
  CHECK(contains(no_tab.err, "expected source<TAB>target"));
}

TEST_CASE("train translate: mistakes in data and options name themselves") {
  const Lab lab;
  write_file(lab.folder.path("one.tsv"), "a\tb\nno tab here\n");
  const Outcome columns = run_attn({"train", "translate", lab.folder.path("one.tsv"), "--out", lab.folder.path("m")});
  CHECK(columns.exit_code == 1);
  CHECK(contains(columns.err, "one.tsv:2"));
  CHECK(!std::filesystem::exists(lab.folder.path("m")));
  const Outcome both = run_attn(lab.command("m", {"--batch-tokens", "100"}));
  CHECK(both.exit_code == 2);
  CHECK(contains(both.err, "--batch and --batch-tokens exclude each other"));
  const Outcome family = run_attn(lab.command("m", {"--arch", "gpt2"}));
  CHECK(family.exit_code == 2);
  CHECK(contains(family.err, "--arch gpt2"));
}

}  // namespace attn
