#include "cli/explain_case.h"

#include "base/error.h"
#include "base/utf8.h"

namespace attn {

namespace {

constexpr std::pair<std::string_view, HeadStyle> kStyles[] = {{"paper", HeadStyle::paper},
                                                              {"course", HeadStyle::course}};

/// Above this many words or numbers a vector, nobody looks at the matrices any more.
constexpr int kMostWords = 512, kWidestVector = 512;

void check_use(const ExplainTopic& topic, const ExplainCaseOptions& given, const OptionTable& options) {
  const char* unused = given.target && topic.target.empty()                ? "--target"
                       : given.heads && !topic.takes_heads                 ? "--heads"
                       : options.is_set(given.style) && !topic.takes_style ? "--style"
                       : !given.weights.empty() && !topic.takes_weights    ? "--weights"
                                                                           : nullptr;
  if (unused != nullptr) usage_error(unused, " is nothing for ", topic.name);
  if (given.text && !given.input.empty()) usage_error("--text contradicts --input: both say what the tokens are");
  if (given.target && given.style == HeadStyle::course) {
    usage_error("--target contradicts --style course, where the text itself stands on both sides");
  }
  for (const auto* text : {&given.text, &given.target}) {
    if (*text && find_invalid_utf8(**text)) usage_error(text == &given.text ? "--text" : "--target", " is not UTF-8");
  }
}

TokenVectors source_of(const ExplainTopic& topic, const ExplainCaseOptions& given, std::int64_t d_model) {
  if (given.text) return draw_vectors(split_words(*given.text, "--text"), d_model, given.seed);
  TokenVectors course = course_vectors();
  std::vector<std::string> words = split_words(topic.words, topic.name);
  if (words == course.tokens && d_model == course.vectors.columns) return course;
  return draw_vectors(std::move(words), d_model, given.seed);
}

}  // namespace

void ExplainCaseOptions::visit(OptionTable& options) {
  options.group("Case");
  options.add(text, {.name = "text",
                     .metavar = "TEXT",
                     .help = "own words, split at white space; of a model: the text that it reads"});
  options.add(target, {.name = "target", .metavar = "TEXT", .help = "the second text, where there are two"});
  options.add(
      input,
      {.name = "input", .metavar = "FILE.csv", .help = "own vectors: a header, then rows of a token and its numbers"});
  options.add(weights,
              {.name = "weights",
               .metavar = "FILE.json",
               .help = "own matrices W_q, W_k, W_v, W_o, lists of rows (out, in); what --json printed will do"});
  options.add(seed, {.name = "seed", .metavar = "N", .help = "of vectors and matrices that are drawn"});
  options.add(d_model, {.name = "d-model",
                        .metavar = "N",
                        .minimum = 1,
                        .maximum = kWidestVector,
                        .default_text = "the topic's, 2 or 4",
                        .help = "numbers a vector"});
  options.add(heads, {.name = "heads", .metavar = "N", .minimum = 1, .default_text = "2", .help = "attention heads"});
  options.add(style, kStyles, {.name = "style", .help = "heads as in the paper or as in the course's notebooks"});
}

ExplainCase make_explain_case(const ExplainTopic& topic, const ExplainCaseOptions& given, const OptionTable& options) {
  check_use(topic, given, options);
  ExplainCase example;
  example.seed = given.seed;
  example.style = given.style;
  example.heads = given.heads.value_or(static_cast<int>(topic.heads));
  if (given.input.empty()) {
    example.d_model = given.d_model.value_or(static_cast<int>(topic.d_model));
    example.source = source_of(topic, given, example.d_model);
  } else {
    example.source = read_vectors(given.input);
    example.d_model = example.source.vectors.columns;
    if (given.d_model && *given.d_model != example.d_model) {
      usage_error("--d-model ", *given.d_model, " contradicts ", given.input, ", whose vectors have ", example.d_model,
                  " numbers");
    }
  }
  if (example.source.count() > kMostWords || example.d_model > kWidestVector) {
    fail("found ", example.source.count(), " tokens of ", example.d_model, " numbers, expected at most ", kMostWords,
         " of ", kWidestVector, "; attn attention shows longer texts");
  }
  if (topic.needs_even_width && example.d_model % 2 != 0) {
    usage_error("--d-model ", example.d_model, ": ", topic.name, " needs pairs of sine and cosine, an even number");
  }
  if (example.style == HeadStyle::paper && example.d_model % example.heads != 0) {
    usage_error("--heads ", example.heads, " does not divide d_model, which is ", example.d_model,
                topic.takes_style ? "; with --style course every head is as wide as d_model" : "");
  }
  if (!topic.target.empty() && example.style != HeadStyle::course) {
    example.target = draw_vectors(split_words(given.target.value_or(std::string(topic.target)), "--target"),
                                  example.d_model, given.seed);
  }
  example.weights = given.weights.empty() ? WeightSource(given.seed)
                                          : WeightSource(given.seed, read_json(given.weights), given.weights);
  return example;
}

}  // namespace attn
