// attn train fill, classify and embed, and the commands that use their models, as a user runs them.

#include <doctest/doctest.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <filesystem>

#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "base/sha256.h"
#include "base/temporary_folder.h"
#include "cli/run_attn.h"
#include "support/csv_reader.h"

namespace attn {
namespace {

using Arguments = std::vector<std::string>;

bool contains(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

/// The output of a run that must succeed.
std::string output_of(const Arguments& arguments, const RunOptions& options = {}) {
  const Outcome outcome = run_attn(arguments, options);
  REQUIRE_MESSAGE(outcome.exit_code == 0, outcome.err);
  return outcome.out;
}

constexpr const char* kPeople[] = {"anna", "bert", "carl", "dora", "emil", "fred"};
constexpr const char* kGood[] = {"fine", "great", "lovely", "superb"};
constexpr const char* kBad[] = {"awful", "bad", "dull", "poor"};
constexpr const char* kThings[] = {"book", "film", "play", "song", "tale"};

/// "good<TAB>anna found the film lovely": the last word decides.
std::string reviews() {
  std::string lines;
  for (int i = 0; i < 240; ++i) {
    const bool good = i % 3 != 0;
    lines += concat(good ? "good" : "bad", "\t", kPeople[i / 3 % 6], " found the ", kThings[i % 5], " ",
                    (good ? kGood : kBad)[i / 3 % 4], "\n");
  }
  return lines;
}

std::string column(const std::string& lines, int which) {
  std::string out;
  for (std::size_t begin = 0, end; (end = lines.find('\n', begin)) != std::string::npos; begin = end + 1) {
    const std::size_t tab = lines.find('\t', begin);
    out += which == 0 ? lines.substr(begin, tab - begin) + "\n" : lines.substr(tab + 1, end - tab);
  }
  return out;
}

struct Lab {
  TemporaryFolder folder;
  std::string path(const std::string& name) const { return folder.path(name); }

  Lab() {
    write_file(path("reviews.tsv"), reviews());
    write_file(path("lines.txt"), column(reviews(), 1));
  }
  /// Trains a tiny model of words.
  Outcome train(const std::string& task, const std::string& data, const std::string& out,
                const Arguments& more = {}) const {
    Arguments arguments = {"train",   task,      path(data), "--out",     path(out),   "--tokenizer", "word",
                           "--heads", "2",       "--layers", "1",         "--d-model", "32",          "--lr",
                           "5e-3",    "--batch", "16",       "--dropout", "0.1",       "--quiet"};
    if (std::find(more.begin(), more.end(), "--from") != more.end()) {
      arguments = {"train", task, path(data), "--out", path(out), "--batch", "16", "--quiet"};
    }
    arguments.insert(arguments.end(), more.begin(), more.end());
    const Outcome outcome = run_attn(arguments);
    REQUIRE_MESSAGE(outcome.exit_code == 0, outcome.err);
    return outcome;
  }
};

}  // namespace

TEST_CASE("classify: labels, probabilities and accuracy; the text alone decides") {
  const Lab lab;
  const Outcome trained =
      run_attn({"train", "classify", lab.path("reviews.tsv"), "--out", lab.path("model"), "--tokenizer", "word",
                "--layers", "1", "--d-model", "32", "--lr", "5e-3", "--steps", "120", "--class-weights"});
  REQUIRE_MESSAGE(trained.exit_code == 0, trained.err);
  CHECK(contains(trained.err, "labels: 2: bad "));
  CHECK(contains(trained.err, "accuracy 100 %, macro F1 100 %"));
  CHECK(contains(trained.err, "Next: attn classify "));
  const Json config = read_json(lab.path("model/config.json"));
  CHECK(config.at("architectures").as_array()[0] == Json("BertForSequenceClassification"));
  CHECK(config.at("id2label").at("1") == Json("good"));
  CHECK(config.at("label2id").at("bad") == Json(0));

  const std::string csv =
      output_of({"classify", lab.path("model")}, {.input = "dora found the play superb\n\ncarl found the song dull\n"});
  const auto rows = read_csv(csv);
  REQUIRE(rows.size() == 4);
  CHECK(rows[0] == Arguments{"text", "label", "p_bad", "p_good"});
  CHECK(rows[1][1] == "good");
  CHECK(rows[3][0] == "2");
  CHECK(rows[3][1] == "bad");
  for (std::size_t i = 1; i < rows.size(); ++i) {
    CHECK(std::stod(rows[i][2]) + std::stod(rows[i][3]) == doctest::Approx(1));
  }
  CHECK(std::stod(rows[3][2]) > 0.9);
}

TEST_CASE("train classify: mistakes in labels are told") {
  const Lab lab;
  write_file(lab.path("one.tsv"), "a\tx\na\ty\n");
  const Outcome one = run_attn({"train", "classify", lab.path("one.tsv"), "--out", lab.path("m")});
  CHECK(one.exit_code == 1);
  CHECK(contains(one.err, "only the label 'a'"));
  write_file(lab.path("valid.tsv"), "good\tfine film\nbetter\tbetter film\n");
  const Outcome other = run_attn({"train", "classify", lab.path("reviews.tsv"), "--valid", lab.path("valid.tsv"),
                                  "--out", lab.path("m"), "--steps", "1"});
  CHECK(other.exit_code == 1);
  CHECK(contains(other.err, "valid.tsv:2: the label 'better' does not occur in the training part"));
  CHECK_FALSE(std::filesystem::exists(lab.path("m")));
}

TEST_CASE("fill: a masked word is guessed from its neighbours, from lines and from a text") {
  const Lab lab;
  lab.train("fill", "lines.txt", "lines", {"--lines", "--steps", "300"});
  lab.train("fill", "lines.txt", "text", {"--steps", "20", "--context", "16"});
  for (const char* model : {"lines", "text"}) {
    CHECK(read_json(lab.path(model) + "/config.json").at("architectures").as_array()[0] == Json("BertForMaskedLM"));
    const auto rows = read_csv(output_of({"fill", lab.path(model), "--top", "2"},
                                         {.input = "anna found [MASK] film lovely\nno mask\n[MASK] [MASK]\n"}));
    REQUIRE(rows.size() == 7);
    CHECK(rows[0] == Arguments{"text", "position", "rank", "token", "probability"});
    CHECK(Arguments(rows[1].begin(), rows[1].begin() + 3) == Arguments{"0", "3", "1"});
    CHECK(Arguments(rows[4].begin(), rows[4].begin() + 3) == Arguments{"2", "1", "2"});
    CHECK(std::stod(rows[1][4]) >= std::stod(rows[2][4]));
    if (model == std::string("lines")) CHECK(rows[1][3] == "the");
  }
  const Outcome none = run_attn({"fill", lab.path("lines"), "--text", "anna found"});
  CHECK(none.exit_code == 1);
  CHECK(contains(none.err, "no text holds a [MASK]"));
  CHECK(contains(run_attn({"fill", lab.path("lines")}, {.input = "[MASK]\nx\n"}).err, "1 text has no [MASK]"));
}

TEST_CASE("train --from: classify and embed start from an encoder that fills masks, with its tokenizer") {
  const Lab lab;
  lab.train("fill", "lines.txt", "encoder", {"--lines", "--steps", "20"});
  lab.train("classify", "reviews.tsv", "classifier", {"--from", lab.path("encoder"), "--steps", "3"});
  CHECK(read_file(lab.path("classifier/tokenizer.json")) == read_file(lab.path("encoder/tokenizer.json")));
  output_of({"classify", lab.path("classifier"), "--text", "anna"});
  // Of a training that changes nothing the states are those of the encoder.
  lab.train("embed", "lines.txt", "embedder", {"--from", lab.path("encoder"), "--steps", "1", "--lr", "1e-30"});
  const Arguments text = {"--text", "anna found the film lovely", "--per-token"};
  const auto states = [&](const char* model) {
    Arguments arguments = {"embed", lab.path(model)};
    arguments.insert(arguments.end(), text.begin(), text.end());
    return output_of(arguments);
  };
  CHECK(states("embedder") == states("encoder"));
  CHECK(contains(run_attn({"train", "classify", lab.path("reviews.tsv"), "--from", lab.path("encoder"), "--layers", "2",
                           "--out", lab.path("x")})
                     .err,
                 "--layers"));
}

TEST_CASE("train classify --pooling mean: saved as a model of attn, resumed, and the same for any number of threads") {
  const Lab lab;
  const Arguments options = {"--pooling", "mean", "--steps", "12", "--eval-every", "6"};
  const auto with = [&](Arguments more) {
    more.insert(more.begin(), options.begin(), options.end());
    return more;
  };
  lab.train("classify", "reviews.tsv", "a", with({"--threads", "1"}));
  lab.train("classify", "reviews.tsv", "b", with({"--threads", "3"}));
  CHECK(sha256_of_file(lab.path("a/model.safetensors")) == sha256_of_file(lab.path("b/model.safetensors")));
  CHECK(read_json(lab.path("a/config.json")).at("model_type") == Json("attn"));
  output_of({"classify", lab.path("a"), "--text", "anna"});
  REQUIRE(run_attn({"train", "--resume", lab.path("a"), "--steps", "18", "--quiet"}).exit_code == 0);
  CHECK(read_csv(read_file(lab.path("a/training/log.csv"))).back()[0] == "18");
}

TEST_CASE("embed: unit vectors as CSV and as an array, and the states of every token") {
  const Lab lab;
  lab.train("embed", "lines.txt", "model", {"--steps", "20"});
  const RunOptions input{.input = "anna found the film lovely\nbert\n"};
  const auto rows = read_csv(output_of({"embed", lab.path("model")}, input));
  REQUIRE(rows.size() == 3);
  CHECK(rows[0].front() == "v0");
  CHECK(rows[0].back() == "v31");
  double squares = 0;
  for (const std::string& value : rows[1]) squares += std::stod(value) * std::stod(value);
  CHECK(squares == doctest::Approx(1).epsilon(1e-5));

  output_of({"embed", lab.path("model"), "--out", lab.path("v.npy")}, input);
  const std::string npy = read_file(lab.path("v.npy"));
  CHECK(contains(npy, "'shape': (2,32,)"));
  float first = 0;
  std::memcpy(&first, npy.data() + npy.size() - 64 * sizeof(float), sizeof first);
  CHECK(first == std::stof(rows[1][0]));

  const auto tokens = read_csv(output_of({"embed", lab.path("model"), "--per-token"}, input));
  REQUIRE(tokens.size() == 1 + 7 + 3);
  CHECK(Arguments(tokens[0].begin(), tokens[0].begin() + 4) == Arguments{"text", "position", "token", "v0"});
  CHECK(Arguments(tokens[2].begin(), tokens[2].begin() + 3) == Arguments{"0", "1", "anna"});
  CHECK(Arguments(tokens[10].begin(), tokens[10].begin() + 3) == Arguments{"1", "2", "[SEP]"});
  CHECK(read_json(lab.path("model/modules.json")).as_array().size() == 3);
  output_of({"export", lab.path("model"), lab.path("model.tar")});
  CHECK(read_csv(output_of({"embed", lab.path("model.tar")}, input)) == rows);
  CHECK(contains(run_attn({"embed", lab.path("model"), "--out", lab.path("v.npy")}, input).err, "--force"));
}

TEST_CASE("search: the line itself first, lines like others without them, and vectors that are kept") {
  const Lab lab;
  const std::string model = lab.path("model"), corpus = lab.path("items.txt"), kept = corpus + ".attn-vectors";
  lab.train("embed", "lines.txt", "model", {"--steps", "30"});
  write_file(corpus, "anna found the film lovely\nbert found the song dull\n\ncarl found the play superb\n");
  const Arguments command = {"search", model, "--corpus", corpus, "--top", "2"};
  const auto with = [&](const Arguments& more) {
    Arguments arguments = command;
    arguments.insert(arguments.end(), more.begin(), more.end());
    return arguments;
  };
  const Outcome first = run_attn(with({"bert found the song dull", "carl found the play superb"}));
  REQUIRE_MESSAGE(first.exit_code == 0, first.err);
  CHECK(contains(first.err, kept));
  const auto rows = read_csv(first.out);
  REQUIRE(rows.size() == 5);
  CHECK(rows[0] == Arguments{"query", "rank", "score", "line", "item"});
  CHECK(rows[1][3] == "1");
  CHECK(rows[1][4] == "bert found the song dull");
  CHECK(std::stod(rows[1][2]) == doctest::Approx(1).epsilon(1e-5));
  CHECK(Arguments{rows[3][0], rows[3][1], rows[3][3]} == Arguments{"1", "1", "3"});

  // The second time nothing is computed, and the result is the same; so it is without keeping anything.
  const auto written = std::filesystem::last_write_time(kept);
  const Outcome second = run_attn(with({"bert found the song dull", "carl found the play superb"}));
  CHECK(second.out == first.out);
  CHECK(second.err.empty());
  CHECK(std::filesystem::last_write_time(kept) == written);
  CHECK(run_attn(with({"--no-cache"}), {.input = "bert found the song dull\ncarl found the play superb\n"}).out ==
        first.out);

  const auto like = read_csv(output_of(with({"--like", "0,3", "--top", "9"})));
  REQUIRE(like.size() == 2);  // neither the lines themselves nor the empty one
  CHECK(like[1][3] == "1");
  CHECK(contains(run_attn(with({"--like", "4"})).err, "--like 4"));
  CHECK(run_attn(with({"--like", "0", "query"})).exit_code == 2);

  // Another corpus or another model: the vectors are made again.
  write_file(corpus, "dora found the tale poor\n");
  CHECK(read_csv(output_of(with({"dora"})))[1][4] == "dora found the tale poor");
  lab.train("embed", "lines.txt", "model", {"--steps", "31", "--force"});
  CHECK(contains(run_attn(with({"dora"})).err, "vectors of 1 lines"));
}

TEST_CASE("search: where the corpus' folder cannot be written to, vectors are kept in the user's cache") {
  if (geteuid() == 0) return;  // whom no folder refuses
  const Lab lab;
  lab.train("embed", "lines.txt", "model", {"--steps", "2"});
  std::filesystem::create_directories(lab.path("fixed"));
  write_file(lab.path("fixed/items.txt"), "anna\nbert\n");
  std::filesystem::permissions(lab.path("fixed"), std::filesystem::perms(0555));
  const Arguments command = {"search", lab.path("model"), "--corpus", lab.path("fixed/items.txt"), "anna"};
  const RunOptions options{.environment = {{"XDG_CACHE_HOME", lab.path("cache")}}};
  CHECK(contains(run_attn(command, options).err, lab.path("cache/attn/")));
  CHECK(run_attn(command, options).err.empty());
  std::filesystem::permissions(lab.path("fixed"), std::filesystem::perms(0755));
}

TEST_CASE("encoder commands: the wrong model names the right command") {
  const Lab lab;
  lab.train("fill", "lines.txt", "filler", {"--lines", "--steps", "1"});
  lab.train("embed", "reviews.tsv", "embedder", {"--steps", "1"});
  CHECK(contains(run_attn({"classify", lab.path("filler"), "--text", "x"}).err, "commands for it: fill"));
  CHECK(contains(run_attn({"fill", lab.path("embedder"), "--text", "x"}).err, "commands for it: embed"));
  CHECK(contains(run_attn({"generate", lab.path("filler")}).err, "fill"));
}

}  // namespace attn
