// attn train chat and attn chat, as a user runs them.

#include <doctest/doctest.h>

#include <algorithm>
#include <filesystem>

#include "base/file.h"
#include "base/json.h"
#include "base/sha256.h"
#include "base/temporary_folder.h"
#include "cli/run_attn.h"

namespace attn {
namespace {

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

// The smallest data there are: two prompts with the same words, which only their order tells apart.
constexpr const char* kTwoLines = "what is statquest\tawesome\nstatquest is what\tgreat\n";

// Prompts of two letters; the reply is the other way round.
std::string small_pairs() {
  std::string text;
  for (char a = 'a'; a < 'h'; ++a) {
    for (char b = 'a'; b < 'h'; ++b) text += std::string{a, b, '\t', b, a, '\n'};
  }
  return text;
}

struct Lab {
  TemporaryFolder folder;
  std::string pairs = folder.path("pairs.tsv");

  explicit Lab(const std::string& text = small_pairs()) { write_file(pairs, text); }

  std::vector<std::string> command(const std::string& out, std::vector<std::string> more = {}) const {
    std::vector<std::string> words = {"train",
                                      "chat",
                                      pairs,
                                      "--out",
                                      folder.path(out),
                                      "--layers",
                                      "1",
                                      "--heads",
                                      "2",
                                      "--d-model",
                                      "16",
                                      "--batch-tokens",
                                      "128",
                                      "--steps",
                                      "60",
                                      "--eval-every",
                                      "20",
                                      "--dropout",
                                      "0.1",
                                      "--quiet"};
    words.insert(words.end(), more.begin(), more.end());
    return words;
  }
  std::string digest(const std::string& out) const { return sha256_of_file(folder.path(out + "/model.safetensors")); }
};

}  // namespace

TEST_CASE("train chat: two lines and no option at all are learnt by heart, alone and with earlier turns in view") {
  const Lab lab(kTwoLines);
  for (const char* tokenizer : {"bpe", "word"}) {
    const std::string model = lab.folder.path(tokenizer);
    const Outcome run = run_attn({"train", "chat", lab.pairs, "--out", model, "--tokenizer", tokenizer});
    REQUIRE_MESSAGE(run.exit_code == 0, run.err);
    CHECK(contains(run.err, "Next: attn chat " + model));
    const Outcome alone = run_attn({"chat", model, lab.pairs, "--columns", "1"});
    CHECK(alone.out == "awesome\ngreat\n");
    const std::string asked = "what is statquest\nstatquest is what\n";
    const Outcome dialogue =
        run_attn({"chat", model, "--history", "9", "--seed", "1"}, {.input = asked + asked + asked});
    CHECK(dialogue.out == "awesome\ngreat\nawesome\ngreat\nawesome\ngreat\n");
  }
  const Outcome generated =
      run_attn({"generate", lab.folder.path("bpe"), "--no-prompt", "--greedy", "--prompt", "what is statquest\n"});
  CHECK(generated.out == "awesome\n");
}

TEST_CASE("chat: an empty line gives an empty line, order kept; mistakes name what is wrong") {
  const Lab lab(kTwoLines);
  const std::string model = lab.folder.path("m");
  REQUIRE(run_attn({"train", "chat", lab.pairs, "--out", model, "--layers", "1", "--d-model", "32", "--lr", "0.01",
                    "--steps", "100", "--quiet"})
              .exit_code == 0);
  CHECK(run_attn({"chat", model, "--greedy"}, {.input = "\nstatquest is what\r\n\n\nwhat is statquest"}).out ==
        "\ngreat\n\n\nawesome\n");
  CHECK(run_attn({"chat", model, "--text", "what is statquest", "--stop", "som"}).out == "awe\n");
  const Outcome empty = run_attn({"chat", model}, {.input = ""});
  CHECK(empty.exit_code == 1);
  CHECK(contains(empty.err, "holds no text"));
  CHECK(run_attn({"chat", lab.folder.path("none")}, {.input = "x"}).exit_code == 1);
}

TEST_CASE("chat: a model that learnt to continue texts continues the line") {
  const Lab lab;
  std::string text;
  for (int i = 0; i < 300; ++i) text += "ping\npong\n";
  write_file(lab.folder.path("t.txt"), text);
  const std::string model = lab.folder.path("m");
  REQUIRE(run_attn({"train", "generate", lab.folder.path("t.txt"), "--out", model, "--tokenizer", "char", "--steps",
                    "300", "--layers", "1", "--d-model", "32", "--quiet"})
              .exit_code == 0);
  CHECK(run_attn({"chat", model, "--greedy"}, {.input = "ping\n"}).out == "pong\n");
}

TEST_CASE("train chat: resumed it ends with the same bits; --valid, --batch and other threads work") {
  const Lab lab;
  REQUIRE(run_attn(lab.command("whole")).exit_code == 0);
  REQUIRE(run_attn(lab.command("part", {"--steps", "30", "--warmup", "3", "--schedule", "constant"})).exit_code == 0);
  REQUIRE(run_attn(lab.command("constant", {"--warmup", "3", "--schedule", "constant", "--threads", "1"})).exit_code ==
          0);
  const Outcome resumed = run_attn({"train", "--resume", lab.folder.path("part"), "--steps", "60", "--eval-every", "20",
                                    "--threads", "2", "--quiet"});
  REQUIRE_MESSAGE(resumed.exit_code == 0, resumed.err);
  CHECK(lab.digest("part") == lab.digest("constant"));
  write_file(lab.folder.path("valid.tsv"), "zz\tzz\n");
  const Outcome valid =
      run_attn({"train", "chat", lab.pairs, "--out", lab.folder.path("v"), "--valid", lab.folder.path("valid.tsv"),
                "--batch", "8", "--steps", "5", "--json", "--layers", "1", "--d-model", "16"});
  REQUIRE_MESSAGE(valid.exit_code == 0, valid.err);
  CHECK(contains(valid.err, "49 lines for training, 1 for validation"));
  // 40 replies of two letters (or one token) and the end.
  CHECK(parse_json(valid.out, "output").at("tokens").as_int() >= 40 * 2);
}

TEST_CASE("train chat: mistakes are named") {
  const Lab lab("one\ttwo\nthree\n");
  const auto error_of = [&](std::vector<std::string> words, int code) {
    const Outcome run = run_attn(words);
    CHECK_MESSAGE(run.exit_code == code, run.err);
    CHECK(std::count(run.err.begin(), run.err.end(), '\n') == 1);
    return run.err;
  };
  CHECK(contains(error_of(lab.command("x"), 1), "pairs.tsv:2"));
  CHECK(contains(error_of(lab.command("x", {"--lines"}), 2), "--lines is for attn train generate"));
  CHECK(contains(error_of(lab.command("x", {"--arch", "bert"}), 2), "gpt2 or llama"));
  CHECK(contains(error_of(lab.command("x", {"--decoder-layers", "2"}), 2), "--decoder-layers"));
  CHECK(contains(error_of({"train", "chat", "--out", lab.folder.path("x")}, 2), "prompt<TAB>reply"));
  CHECK_FALSE(std::filesystem::exists(lab.folder.path("x")));
}

}  // namespace attn
