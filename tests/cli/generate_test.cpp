#include <doctest/doctest.h>

#include <filesystem>

#include "base/json.h"
#include "base/temporary_folder.h"
#include "cli/run_attn.h"
#include "support/model_folder.h"

namespace attn {
namespace {

using Arguments = std::vector<std::string>;

bool contains(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

// A GPT-2 style model of context 16 without an end token.
struct Model {
  explicit Model(Architecture architecture = Architecture::gpt2) {
    write_model_folder(path, tiny_config(architecture, 16));
  }
  // attn generate on the model.
  Outcome operator()(Arguments arguments, const RunOptions& options = {}) const {
    arguments.insert(arguments.begin(), {"generate", path});
    return run_attn(arguments, options);
  }

  TemporaryFolder folder;
  std::string path = folder.path("model");
};

std::vector<Json> rows_of(const std::string& lines) {
  std::vector<Json> rows;
  for (std::size_t begin = 0, end; (end = lines.find('\n', begin)) != std::string::npos; begin = end + 1) {
    rows.push_back(parse_json(lines.substr(begin, end - begin), "output"));
  }
  return rows;
}

TEST_CASE("generate: the prompt and its continuation, the same for the same seed, past the context") {
  for (const Architecture architecture : {Architecture::gpt2, Architecture::llama}) {
    const Model generate(architecture);
    const Arguments arguments = {"--prompt", "abc", "--seed", "1", "--tokens", "60", "--top-p", "1"};
    const Outcome first = generate(arguments);
    CHECK(first.exit_code == 0);
    CHECK(first.err.empty());
    CHECK(first.out.starts_with("abc"));
    CHECK(first.out.size() > 30);
    CHECK(first.out.back() == '\n');
    CHECK(generate(arguments).out == first.out);
    CHECK(generate({"--prompt", "abc", "--seed", "2", "--tokens", "60", "--top-p", "1"}).out != first.out);
  }
}

TEST_CASE("generate: weights that are many draft; the text is that of the first of several samples") {
  const TemporaryFolder folder;
  const std::string path = folder.path("model");
  ModelConfig config = tiny_config(Architecture::llama, 16);
  config.d_ff = 8000;
  write_model_folder(path, config);
  const Arguments arguments = {"generate", path, "--prompt", "abc", "--seed",   "1",
                               "--tokens", "60", "--top-p",  "1",   "--format", "jsonl"};
  const auto texts = [&](const Arguments& more) {
    Arguments all = arguments;
    all.insert(all.end(), more.begin(), more.end());
    const Outcome outcome = run_attn(all);
    REQUIRE_MESSAGE(outcome.exit_code == 0, outcome.err);
    return rows_of(outcome.out);
  };
  for (const Arguments& more : {Arguments{}, Arguments{"--threads", "2"}, Arguments{"--ablate", "decoder:1.1"}}) {
    Arguments several = more;
    several.insert(several.end(), {"--samples", "2"});
    const std::vector<Json> alone = texts(more), together = texts(several);
    CHECK(alone.size() == 1);
    CHECK(alone[0].at("tokens").as_int() == 60);
    CHECK(write_json(alone[0]) == write_json(together[0]));
  }
  CHECK(texts({})[0].at("text").as_string() != texts({"--ablate", "decoder:1.1"})[0].at("text").as_string());
  CHECK(texts({})[0].at("text").as_string() != texts({"--precision", "int8"})[0].at("text").as_string());
}

TEST_CASE("generate: --precision int8 gives a text of its own, repeatably; other names are told") {
  const Model generate;
  const Arguments arguments = {"--prompt", "abc", "--seed", "1", "--tokens", "200", "--precision", "int8"};
  const Outcome outcome = generate(arguments);
  CHECK(outcome.exit_code == 0);
  CHECK(outcome.out.starts_with("abc"));
  CHECK(generate(arguments).out == outcome.out);
  CHECK(generate({"--prompt", "abc", "--seed", "1", "--tokens", "200"}).out != outcome.out);
  const Outcome wrong = generate({"--precision", "bf16"});
  CHECK(wrong.exit_code == 2);
  CHECK(contains(wrong.err, "--precision"));
  CHECK(contains(wrong.err, "int8"));
}

TEST_CASE("generate: a fresh seed is told, and gives the same text again") {
  const Model generate;
  const Outcome fresh = generate({"--prompt", "a"});
  CHECK(fresh.exit_code == 0);
  REQUIRE(fresh.err.starts_with("attn: seed "));
  const std::string seed = fresh.err.substr(11, fresh.err.size() - 12);
  CHECK(generate({"--prompt", "a", "--seed", seed}).out == fresh.out);
  CHECK(generate({"--prompt", "a", "--greedy"}).err.empty());
}

TEST_CASE("generate: standard input and a file are prompts without their last line end") {
  const Model generate;
  const Arguments wanted = {"--greedy", "--tokens", "30"};
  const std::string expected = generate({"--greedy", "--tokens", "30", "--prompt", "ab\ncd"}).out;
  CHECK(expected.starts_with("ab\ncd"));
  CHECK(generate(wanted, {.input = "ab\ncd\n"}).out == expected);
  CHECK(generate(wanted, {.input = "ab\r\ncd"}).out == expected);
  write_file(generate.folder.path("prompt.txt"), "ab\ncd\n");
  CHECK(generate({generate.folder.path("prompt.txt"), "--greedy", "--tokens", "30"}).out == expected);
  CHECK(generate({"--greedy", "--tokens", "30", "--no-prompt", "--prompt", "ab\ncd"}).out == expected.substr(5));
}

TEST_CASE("generate: an empty prompt starts from nothing") {
  const Model generate;
  const Outcome outcome = generate({"--seed", "1", "--tokens", "40"});
  CHECK(outcome.exit_code == 0);
  CHECK(outcome.out.size() > 10);
  CHECK(generate({"--seed", "1", "--tokens", "40", "--prompt", ""}).out == outcome.out);
}

TEST_CASE("generate: samples, as text and as JSON lines") {
  const Model generate;
  const Outcome text = generate({"--prompt", "abc", "--seed", "3", "--samples", "3", "--tokens", "25"});
  const Outcome json =
      generate({"--prompt", "abc", "--seed", "3", "--samples", "3", "--tokens", "25", "--format", "jsonl"});
  const std::vector<Json> rows = rows_of(json.out);
  REQUIRE(rows.size() == 3);
  std::string expected;
  for (std::size_t i = 0; i < 3; ++i) {
    CHECK(rows[i].at("sample").as_uint() == i);
    CHECK(rows[i].at("prompt").as_string() == "abc");
    CHECK(rows[i].at("tokens").as_int() == 25);
    CHECK(rows[i].at("end").as_string() == "tokens");
    std::string sample = "abc" + rows[i].at("text").as_string();
    if (sample.back() != '\n') sample += '\n';
    expected += (i > 0 ? "\n" : "") + sample;
  }
  CHECK(text.out == expected);
  CHECK(rows[0].at("text") != rows[1].at("text"));
}

TEST_CASE("generate: ends before a stop text") {
  const Model generate;
  const Arguments arguments = {"--prompt", "abc", "--seed", "1", "--tokens", "60", "--no-prompt", "--format", "jsonl"};
  const std::string whole = rows_of(generate(arguments).out).at(0).at("text").as_string();
  const std::string stop = whole.substr(20, 2);
  Arguments stopping = arguments;
  stopping.insert(stopping.end(), {"--stop", stop, "--stop", "not there"});
  const Json row = rows_of(generate(stopping).out).at(0);
  CHECK(row.at("text").as_string() == whole.substr(0, whole.find(stop)));
  CHECK(row.at("end").as_string() == "stop");
  CHECK(row.find("prompt") == nullptr);
}

TEST_CASE("generate: the model's end token ends the text") {
  TemporaryFolder folder;
  ModelConfig config = tiny_config(Architecture::gpt2, 16);
  config.end_id = 5;
  write_model_folder(folder.path("model"), config);
  const Outcome outcome = run_attn({"generate", folder.path("model"), "--prompt", "a", "--tokens", "400", "--format",
                                    "jsonl", "--seed", "1", "--temperature", "3", "--top-p", "1"});
  CHECK(rows_of(outcome.out).at(0).at("end").as_string() == "end");
  CHECK(!contains(rows_of(outcome.out).at(0).at("text").as_string(), "b"));
}

TEST_CASE("generate: says how many characters of the prompt are unknown") {
  const Model generate;
  const Outcome outcome = generate({"--prompt", "aX€", "--greedy"});
  CHECK(outcome.exit_code == 0);
  CHECK(outcome.out.starts_with("aX€"));
  CHECK(contains(outcome.err, "2 characters of the prompt are unknown"));
}

TEST_CASE("generate: a closed pipe ends it quietly") {
  const Model generate;
  const Outcome outcome = generate({"--prompt", "a", "--seed", "1", "--tokens", "10000"}, {.closed_output = true});
  CHECK(outcome.exit_code == 0);
  CHECK(outcome.err.empty());
}

TEST_CASE("generate: mistakes are named") {
  const Model generate;
  const Outcome no_folder = run_attn({"generate", "nowhere", "--prompt", "a"});
  CHECK(no_folder.exit_code == 1);
  CHECK(contains(no_folder.err, "nowhere"));
  const Outcome top_p = generate({"--prompt", "a", "--top-p", "1.5"});
  CHECK(top_p.exit_code == 2);
  CHECK(contains(top_p.err, "--top-p"));
  const Outcome twice = generate({"prompt.txt", "--prompt", "a"});
  CHECK(twice.exit_code == 2);
  CHECK(contains(twice.err, "prompt.txt"));
  CHECK(generate({"--prompt", "\xFF"}).exit_code == 2);
  CHECK(generate({"--prompt", "a", "--stop", ""}).exit_code == 2);
  CHECK(generate({}, {.input = "a\n\xFF\n"}).exit_code == 1);
  std::filesystem::remove(generate.path + "/tokenizer.json");
  const Outcome no_tokenizer = generate({"--prompt", "a"});
  CHECK(no_tokenizer.exit_code == 1);
  CHECK(contains(no_tokenizer.err, "tokenizer.json"));
}

TEST_CASE("generate: a model of another kind names its own commands") {
  const Model generate;
  ModelConfig config = tiny_config(Architecture::gpt2, 16);
  config.architecture = Architecture::bert;
  config.head = Head::masked;
  config.norm_place = NormPlace::post;
  config.activation = Activation::gelu;
  config.type_vocabulary = 2;
  write_file(generate.path + "/config.json", config_to_json(config));
  const Outcome outcome = generate({"--prompt", "a"});
  CHECK(outcome.exit_code == 1);
  CHECK(contains(outcome.err, "fill"));
}

}  // namespace
}  // namespace attn
