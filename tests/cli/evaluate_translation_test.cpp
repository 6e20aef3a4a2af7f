#include <doctest/doctest.h>

#include <cmath>

#include "base/error.h"
#include "base/json.h"
#include "cli/model_source.h"
#include "cli/run_attn.h"
#include "generation/translate_text.h"
#include "support/csv_reader.h"
#include "training/bleu.h"
#include "training/chrf.h"

namespace attn {
namespace {

const std::string kModel = "tests/reference/marian";

Outcome evaluate(std::vector<std::string> arguments, const std::string& input) {
  arguments.insert(arguments.begin(), {"evaluate", kModel});
  return run_attn(arguments, {.input = input});
}

struct Pair {
  std::string source, target;
};

/// Lines of transformers' reference, see tests/reference/make_evaluations.py.
std::vector<Pair> pairs_of(const Json& reference) {
  std::vector<Pair> pairs;
  for (const Json& line : reference.at("lines").as_array()) {
    const std::string& text = line.as_string();
    pairs.push_back({text.substr(0, text.find('\t')), text.substr(text.find('\t') + 1)});
  }
  return pairs;
}

std::string joined(const std::vector<Pair>& pairs) {
  std::string text;
  for (const auto& [source, target] : pairs) text += source + "\t" + target + "\n";
  return text;
}

std::vector<std::string> translations_of(const std::vector<Pair>& pairs, int beam) {
  const EncoderDecoderSource source = open_encoder_decoder(kModel, "test");
  ThreadPool pool(1);
  std::vector<std::string> lines;
  for (const Pair& pair : pairs) lines.push_back(pair.source);
  return translate_lines(*source.model, *source.tokenizer, *simd::kernels(), pool, lines, {.beam = beam});
}

TEST_CASE("evaluate: a translator's loss equals that of transformers") {
  const Json reference = read_json("tests/reference/evaluations.json").at("translation");
  const Outcome outcome = evaluate({"--json", "--beam", "1"}, joined(pairs_of(reference)));
  CHECK(outcome.exit_code == 0);
  CHECK(outcome.err.empty());
  const Json figures = parse_json(outcome.out, "output");
  const double loss = reference.at("loss").as_double();
  CHECK(figures.at("loss").as_double() == doctest::Approx(loss).epsilon(1e-5));
  CHECK(figures.at("perplexity").as_double() == doctest::Approx(std::exp(loss)).epsilon(1e-4));
  CHECK(figures.at("lines").as_int() == 20);
  std::int64_t tokens = 0;
  for (const Json& count : reference.at("tokens").as_array()) tokens += count.as_int();
  CHECK(figures.at("tokens").as_int() == tokens);
  CHECK(figures.at("characters").as_int() == tokens - 20);  // a token a character, and the end tokens
}

TEST_CASE("evaluate: BLEU, chrF and exact matches of a translator's own translations") {
  for (const int beam : {1, 4}) {
    CAPTURE(beam);
    std::vector<Pair> pairs = pairs_of(read_json("tests/reference/evaluations.json").at("translation"));
    const std::vector<std::string> translations = translations_of(pairs, beam);
    Bleu bleu;
    ChrF chrf;
    int equal = 0;
    for (std::size_t i = 0; i < pairs.size(); ++i) {
      if (i % 2 == 0) pairs[i].target = translations[i];
      if (i % 4 == 0) pairs[i].target += " ";  // white space counts
      bleu.add(translations[i], pairs[i].target);
      chrf.add(translations[i], pairs[i].target);
      equal += translations[i] == pairs[i].target ? 1 : 0;
    }
    REQUIRE(equal == 5);
    const Outcome outcome = evaluate({"--json", "--beam", std::to_string(beam)}, joined(pairs));
    const Json figures = parse_json(outcome.out, "output");
    CHECK(figures.at("exact_match").as_double() == 0.25);
    CHECK(figures.at("bleu").as_double() == doctest::Approx(bleu.score().score).epsilon(1e-9));
    CHECK(figures.at("bleu_precision_1").as_double() == doctest::Approx(bleu.score().precisions[0]).epsilon(1e-9));
    CHECK(figures.at("chrf").as_double() == doctest::Approx(chrf.score()).epsilon(1e-9));
    CHECK(figures.at("chrf").as_double() > 10);
    CHECK(figures.at("bleu_signature").as_string() == Bleu::signature());
    CHECK(figures.at("chrf_signature").as_string() == ChrF::signature());
  }
}

TEST_CASE("evaluate: a translator's targets line by line and token by token") {
  const Json reference = read_json("tests/reference/evaluations.json").at("translation");
  const std::string lines = joined(pairs_of(reference));
  const auto rows = read_csv(evaluate({"--per-line"}, lines).out);
  REQUIRE(rows.size() == 21);
  CHECK(rows[0] == std::vector<std::string>{"text", "tokens", "log_probability", "perplexity"});
  for (std::size_t i = 0; i < 20; ++i) {
    CHECK(std::stoll(rows[i + 1][1]) == reference.at("tokens").as_array()[i].as_int());
    CHECK(std::stod(rows[i + 1][2]) ==
          doctest::Approx(reference.at("log_probability").as_array()[i].as_double()).epsilon(1e-5));
  }
  const auto tokens = read_csv(evaluate({"--per-token"}, "ab\tc\n").out);
  REQUIRE(tokens.size() == 3);
  CHECK(tokens[1][2] == "c");
  CHECK(tokens[2][2] == "</s>");
  CHECK(!tokens[2][6].empty());
}

TEST_CASE("evaluate: a translator's long, empty and missing columns") {
  const Outcome cut = evaluate({"--beam", "1"}, "abcdefghabcdefghabcdefgh\ta\nb\tc\n");
  CHECK(cut.exit_code == 0);
  CHECK(cut.err.find("1 line was cut to the context of 14 tokens") != std::string::npos);
  CHECK(evaluate({"--beam", "1"}, "\ta\nb\t\n").exit_code == 0);
  const Outcome missing = evaluate({}, "a\tb\nc\n");
  CHECK(missing.exit_code == 1);
  CHECK(missing.err.find("standard input:2: found 1 column, expected 2 (source, target)") != std::string::npos);
  CHECK(evaluate({"--confusion", "-"}, "a\tb\n").exit_code == 2);
}

}  // namespace
}  // namespace attn
