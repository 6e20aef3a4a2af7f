// attn explain: the course's numbers, own cases, and what comes out as data.

#include <limits>

#include "base/file.h"
#include "base/json.h"
#include "cli/explain_cases.h"
#include "models/folder.h"
#include "support/temporary_folder.h"

namespace attn {
namespace {

/// Printed with four decimals.
constexpr double kPrinted = 0.5001e-4;

/// The notebooks of the course "Attention in Transformers: Concepts and Code in PyTorch" (StatQuest), seed 42.
const Rows kCourseAttention = {{1.0100, 1.0641}, {0.2040, 0.7057}, {3.4989, 2.2427}};

std::string write_to(const TemporaryFolder& folder, const std::string& name, const std::string& content) {
  const std::string path = join_path(folder.path(), name);
  write_file(path, content);
  return path;
}

std::string output_of(const std::vector<std::string>& arguments) {
  const Outcome outcome = run_attn(arguments);
  REQUIRE_MESSAGE(outcome.exit_code == 0, outcome.err);
  return outcome.out;
}

void check_refused(const std::vector<std::string>& arguments, int exit_code, const std::string& message) {
  const Outcome outcome = run_attn(arguments);
  CHECK(outcome.exit_code == exit_code);
  CHECK(outcome.out == "");
  CHECK_MESSAGE(outcome.err.find(message) != std::string::npos, outcome.err);
}

/// The matrix A of a head against what transformers computed, a tensor (heads, queries, keys).
void check_model(const std::string& name, const std::string& text, int layer, int head,
                 const std::vector<std::string>& more, const std::string& tensor) {
  CAPTURE(tensor);
  const std::string model = "tests/reference/" + name;
  const SafetensorsFile reference(model + "/reference.safetensors");
  const TensorEntry* const entry = reference.find(tensor);
  REQUIRE(entry != nullptr);
  std::vector<float> all(static_cast<std::size_t>(entry->count()));
  reference.read_floats(*entry, all);
  std::vector<std::string> arguments = {
      model, "--text", text, "--layer", std::to_string(layer), "--head", std::to_string(head)};
  arguments.insert(arguments.end(), more.begin(), more.end());
  const NamedRows found = explained(arguments);
  const Rows& weights = found.at("A");
  const std::size_t size = weights.size() * weights[0].size();
  Rows expected;
  for (std::size_t i = 0; i < size; ++i) {
    if (i % weights[0].size() == 0) expected.emplace_back();
    expected.back().push_back(all[static_cast<std::size_t>(head) * size + i]);
  }
  check_rows(found, "A", expected, 1e-5);
}

}  // namespace

TEST_CASE("explain: self-attention is the course's, to the printed decimals") {
  const NamedRows found = explained({"self-attention"});
  check_rows(found, "X", {{1.16, 0.23}, {0.57, 1.36}, {4.41, -2.16}}, 1e-6);
  check_rows(found, "W_qᵀ", {{0.5406, -0.1657}, {0.5869, 0.6496}}, kPrinted);
  check_rows(found, "W_kᵀ", {{-0.1549, -0.3443}, {0.1427, 0.4153}}, kPrinted);
  check_rows(found, "W_vᵀ", {{0.6233, 0.6146}, {-0.5188, 0.1323}}, kPrinted);
  check_rows(found, "Q", {{0.7621, -0.0428}, {1.1063, 0.7890}, {1.1164, -2.1336}}, kPrinted);
  check_rows(found, "K", {{-0.1469, -0.3038}, {0.1057, 0.3685}, {-0.9914, -2.4152}}, kPrinted);
  check_rows(found, "V", {{0.6038, 0.7434}, {-0.3502, 0.5303}, {3.8695, 2.4246}}, kPrinted);
  check_rows(found, "S", {{-0.0700, 0.0458, -0.4612}, {-0.2844, 0.2883, -2.1230}, {0.3424, -0.4725, 2.8610}}, kPrinted);
  check_rows(found, "A", {{0.3573, 0.4011, 0.2416}, {0.3410, 0.6047, 0.0542}, {0.0722, 0.0320, 0.8959}}, kPrinted);
  check_rows(found, "O", kCourseAttention, kPrinted);
}

TEST_CASE("explain: masked self-attention is the course's, to the printed decimals") {
  for (const char* name : {"masked-self-attention", "mk-attention"}) {
    const NamedRows found = explained({name});
    check_rows(found, "A", {{1, 0, 0}, {0.3606, 0.6394, 0}, {0.0722, 0.0320, 0.8959}}, kPrinted);
    check_rows(found, "O", {{0.6038, 0.7434}, {-0.0062, 0.6072}, {3.4989, 2.2427}}, kPrinted);
  }
}

TEST_CASE("explain: cross-attention of a text with itself is its self-attention") {
  for (const char* name : {"cross-attention", "encoder-decoder-attention"}) {
    check_rows(explained({name, "--style", "course"}), "O", kCourseAttention, kPrinted);
  }
  const NamedRows found = explained({"cross-attention"});
  CHECK(found.at("A").size() == 2);
  CHECK(found.at("A")[0].size() == 3);
}

TEST_CASE("explain: two heads in the course's form are the course's; the paper's form has an output projection") {
  const Rows expected = {
      {1.0100, 1.0641, -0.7081, -0.8268}, {0.2040, 0.7057, -0.7417, -0.9193}, {3.4989, 2.2427, -0.7190, -0.8447}};
  check_rows(explained({"multi-head-attention", "--style", "course"}), "joined", expected, kPrinted);
  const NamedRows paper = explained({"multi-head-attention"});
  CHECK(paper.at("O of head 1")[0].size() == 1);
  CHECK(paper.at("Y").size() == 3);
}

TEST_CASE("explain: every matrix is PyTorch's") {
  const std::string path = "tests/reference/explain.json";
  const Json reference = read_json(path);
  for (const Json& example : reference.at("cases").as_array()) {
    std::vector<std::string> arguments;
    for (const Json& argument : example.at("arguments").as_array()) arguments.push_back(argument.as_string());
    CAPTURE(arguments[0]);
    const NamedRows found = explained(arguments);
    for (const auto& [name, matrix] : example.at("matrices").as_object()) {
      Rows expected;
      for (const Json& row : matrix.as_array()) {
        expected.emplace_back();
        for (const Json& value : row.as_array()) {
          expected.back().push_back(value.is_null() ? -std::numeric_limits<double>::infinity() : value.as_double());
        }
      }
      check_rows(found, name, expected, 2e-5);
    }
  }
}

TEST_CASE("explain: one pass and token by token are one step and as many as tokens, with the same prediction") {
  const NamedRows found = explained({"parallel"});
  CHECK(found.at("O") == found.at("O, step by step"));
  const Rows& time = found.at("time");
  CHECK(time[0][0] == 1);
  CHECK(time[1][0] == 256);
  CHECK(time[0][1] > 0);
  CHECK(time[1][1] > 0);
  CHECK(found.at("prediction")[0][0] < 1e-5);
}

TEST_CASE("explain: a gradient step makes the loss smaller") {
  const NamedRows found = explained({"training", "--text", "the cat saw the dog", "--d-model", "6"});
  CHECK(found.at("loss")[0][1] < found.at("loss")[0][0]);
  CHECK(found.at("check")[0][0] == doctest::Approx(found.at("check")[0][1]).epsilon(1e-2));
  check_refused({"explain", "training", "--text", "one"}, 2, "at least two words");
}

TEST_CASE("explain: own words, vectors and matrices") {
  const TemporaryFolder folder;
  const NamedRows words = explained({"self-attention", "--text", "to be or not to be", "--d-model", "3"});
  REQUIRE(words.at("X").size() == 6);
  CHECK(words.at("X")[0].size() == 3);
  CHECK(words.at("X")[0] == words.at("X")[4]);
  CHECK(words.at("X")[0] != words.at("X")[1]);
  CHECK(explained({"qkv", "--text", "not to", "--d-model", "3"}).at("X")[1] == words.at("X")[0]);
  CHECK(explained({"qkv", "--text", "not to", "--d-model", "3", "--seed", "7"}).at("X")[1] != words.at("X")[0]);

  const std::string input =
      write_to(folder, "x.csv", "token,a,b\n\"Write, now\",1.16,0.23\na,0.57,1.36\npoem,4.41,-2.16\n");
  check_rows(explained({"self-attention", "--input", input}), "O", kCourseAttention, kPrinted);

  const std::string weights =
      write_to(folder, "w.json", R"({"W_q":[[1,0],[0,1]],"W_k":[[1,0],[0,1]],"W_v":[[0,1],[1,0]]})");
  const NamedRows own = explained({"self-attention", "--weights", weights});
  CHECK(own.at("Q") == own.at("X"));
  check_rows(own, "V", {{0.23, 1.16}, {1.36, 0.57}, {-2.16, 4.41}}, 1e-6);
}

TEST_CASE("explain: what --json printed is accepted as --weights") {
  const TemporaryFolder folder;
  const std::string json = output_of({"explain", "self-attention", "--seed", "7", "--d-model", "4", "--json"});
  const std::string file = write_to(folder, "case.json", json);
  const std::vector<std::string> with_seed = {"explain", "self-attention", "--seed", "7", "--d-model", "4", "--csv"};
  std::vector<std::string> with_file = with_seed;
  with_file.insert(with_file.end(), {"--weights", file});
  CHECK(output_of(with_file) == output_of(with_seed));

  const Json parsed = parse_json(json, "case.json");
  CHECK(parsed.at("topic").as_string() == "self-attention");
  CHECK(parsed.at("tokens").as_array().size() == 3);
  CHECK(parsed.at("steps").as_array().back().at("matrices").as_array()[0].at("name").as_string() == "O");
}

TEST_CASE("explain: a trained model's weights are those of transformers, for every head") {
  for (int layer = 0; layer < 2; ++layer) {
    for (int head = 0; head < 4; ++head) {
      const std::string tensor = "attention." + std::to_string(layer) + ".1";
      check_model("gpt2", "don't g", layer, head, {}, tensor);
      check_model("llama", "don't g", layer, head, {}, tensor);
    }
  }
}

TEST_CASE("explain: the same for encoders and for all three kinds of an encoder-decoder model") {
  for (int layer = 0; layer < 2; ++layer) {
    for (int head = 0; head < 4; ++head) {
      const std::string place = std::to_string(layer) + ".0";
      check_model("bert_model", "big frog", layer, head, {}, "attention.encoder." + place);
      for (const char* kind : {"encoder", "decoder", "cross"}) {
        check_model("marian", "big frog", layer, head, {"--target", "le gros", "--kind", kind},
                    std::string("attention.") + kind + "." + place);
      }
    }
  }
}

TEST_CASE("explain: a model's prediction is a distribution, and its options are checked") {
  const NamedRows found = explained({"tests/reference/gpt2", "--text", "hell"});
  const Rows& next = found.at("next");
  double sum = 0;
  for (std::size_t i = 0; i < next.size(); ++i) {
    CHECK((i == 0 || next[i][0] <= next[i - 1][0]));
    sum += next[i][0];
  }
  CHECK(sum <= 1.00001);
  CHECK(next[0][0] > 0);
  check_refused({"explain", "tests/reference/gpt2"}, 2, "--text");
  check_refused({"explain", "tests/reference/gpt2", "--text", "a", "--layer", "2"}, 2, "layers 0 to 1");
  check_refused({"explain", "tests/reference/gpt2", "--text", "a", "--kind", "cross"}, 2, "of kind decoder");
  check_refused({"explain", "tests/reference/gpt2", "--text", "a", "--seed", "1"}, 2, "--seed is nothing for");
  check_refused({"explain", "qkv", "--layer", "1"}, 2, "./qkv a folder");
}

TEST_CASE("explain: mistakes are named") {
  const TemporaryFolder folder;
  check_refused({"explain", "self-atention"}, 2, "did you mean 'self-attention'?");
  check_refused({"explain", "self-attention", "--heads", "2"}, 2, "--heads is nothing for self-attention");
  check_refused({"explain", "self-attention", "--text", "  "}, 2, "--text holds no word");
  check_refused({"explain", "self-attention", "--json", "--csv"}, 2, "exclude each other");
  check_refused({"explain", "positions", "--d-model", "3"}, 2, "even number");
  const std::string wide = write_to(folder, "x.csv", "token,a,b\nx,1\n");
  check_refused({"explain", "qkv", "--input", wide}, 1, wide + ":2: found 2 columns, expected 3");
  const std::string words = write_to(folder, "y.csv", "token,a\nx,one\n");
  check_refused({"explain", "qkv", "--input", words}, 1, words + ":2: found \"one\", expected a number");
  const std::string few = write_to(folder, "w.json", R"({"W_q":[[1,0],[0,1]],"W_k":[[1,0],[0,1]]})");
  check_refused({"explain", "qkv", "--weights", few}, 1, few + ": found no W_v");
  const std::string narrow = write_to(folder, "v.json", R"({"W_q":[[1],[0]]})");
  check_refused({"explain", "qkv", "--weights", narrow}, 1, narrow + ": W_q is (2, 1), expected (2, 2)");
}

TEST_CASE("explain: without a topic, all of them; piped without any color") {
  const std::string list = output_of({"explain"});
  std::size_t place = 0;
  for (const char* topic :
       {"embedding", "positions", "qkv", "self-attention", "masked-self-attention", "cross-attention"}) {
    const std::size_t next = list.find(std::string("\n  ") + topic + " ");
    REQUIRE_MESSAGE(next != std::string::npos, topic);
    CHECK(next >= place);
    place = next;
    const std::string text = output_of({"explain", topic});
    CHECK(text.find('\x1b') == std::string::npos);
    CHECK(text.find("\n1. ") != std::string::npos);
  }
}

}  // namespace attn
