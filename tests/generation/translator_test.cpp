#include "generation/translator.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/error.h"
#include "support/random_model.h"
#include "support/workbench.h"

namespace attn {
namespace {

using Ids = std::vector<std::int32_t>;

constexpr std::int32_t kPad = 0, kEnd = 1;

ModelConfig config_of(int vocabulary, int context = 24) {
  ModelConfig config = tiny_config(Architecture::transformer, context);
  config.vocabulary = vocabulary;
  return config;
}

// `count` sources of different lengths that end with the end token.
std::vector<Ids> random_sources(int count, int vocabulary) {
  std::vector<Ids> sources;
  for (int i = 0; i < count; ++i) {
    const RandomStream random = RandomStream(9, RandomPurpose::data).derive(static_cast<std::uint64_t>(i));
    Ids source;
    for (std::uint64_t t = 0; t < random.below(0, 9); ++t) {
      source.push_back(2 + static_cast<std::int32_t>(random.below(t + 1, static_cast<std::uint64_t>(vocabulary) - 2)));
    }
    source.push_back(kEnd);
    sources.push_back(source);
  }
  return sources;
}

// One sequence as a batch, with the arrays that it needs.
struct OneSequence {
  explicit OneSequence(const Ids& tokens) : ids(tokens), length(static_cast<std::int32_t>(tokens.size())) {
    starts[1] = length;
    for (std::int32_t t = 0; t < length; ++t) positions.push_back(t);
  }
  TokenBatch batch() const { return {{1, starts, &length, positions.data()}, ids.data()}; }

  Ids ids, positions;
  std::int32_t length;
  std::int32_t starts[2] = {0, 0};
};

// log p (T, V) of what follows the start token and each token of `target`, from one pass without a cache.
std::vector<std::vector<double>> teacher_forcing(const EncoderDecoderModel& model, const Ids& source,
                                                 const Ids& target) {
  Workbench bench(*simd::kernels());
  Ids read = {kPad};
  read.insert(read.end(), target.begin(), target.end());
  const OneSequence from(source), to(read);
  const Tensor states = model.encode(bench.context, from.batch());
  const Tensor logits = model.logits(
      bench.context, model.decode(bench.context, to.batch(), {states, nullptr, from.starts, &from.length}));
  std::vector<std::vector<double>> rows;
  for (std::int64_t t = 0; t < logits.rows(); ++t) {
    const float* row = logits.data + t * logits.columns();
    double sum = 0;
    for (std::int64_t v = 0; v < logits.columns(); ++v) sum += std::exp(static_cast<double>(row[v]));
    auto& log_probabilities = rows.emplace_back();
    for (std::int64_t v = 0; v < logits.columns(); ++v) {
      log_probabilities.push_back(static_cast<double>(row[v]) - std::log(sum));
    }
  }
  return rows;
}

double log_probability_of(const EncoderDecoderModel& model, const Ids& source, const Hypothesis& hypothesis) {
  Ids read = hypothesis.ids;
  if (!hypothesis.ended) read.pop_back();
  const auto rows = teacher_forcing(model, source, read);
  double sum = 0;
  for (std::size_t t = 0; t < hypothesis.ids.size(); ++t) sum += rows[t][static_cast<std::size_t>(hypothesis.ids[t])];
  return hypothesis.ended ? sum + rows.back()[kEnd] : sum;
}

std::vector<std::vector<Hypothesis>> translate(const EncoderDecoderModel& model, const std::vector<Ids>& sources,
                                               const TranslationOptions& options, int threads = 1) {
  ThreadPool pool(threads);
  return Translator(model, *simd::kernels(), pool, options).translate(sources);
}

// The greedy target, by a pass over everything for each token.
Hypothesis greedy_by_hand(const EncoderDecoderModel& model, const Ids& source) {
  const auto most = std::min<std::size_t>(2 * source.size() + 10, 24);
  Hypothesis target{{}, 0, 0, false};
  while (!target.ended && target.ids.size() < most) {
    std::vector<double> row = teacher_forcing(model, source, target.ids).back();
    row[kPad] = -std::numeric_limits<double>::infinity();
    const auto best = std::max_element(row.begin(), row.end());
    target.log_probability += *best;
    target.ended = best - row.begin() == kEnd;
    if (!target.ended) target.ids.push_back(static_cast<std::int32_t>(best - row.begin()));
  }
  return target;
}

void check_same(const std::vector<Hypothesis>& found, const std::vector<Hypothesis>& expected) {
  REQUIRE(found.size() == expected.size());
  for (std::size_t k = 0; k < found.size(); ++k) {
    CHECK(found[k].ids == expected[k].ids);
    CHECK(found[k].ended == expected[k].ended);
    CHECK(found[k].score == doctest::Approx(expected[k].score).epsilon(1e-5));
  }
}

TEST_CASE("step by step with caches is teacher forcing in one pass, for sources of different lengths") {
  for (const int kv_heads : {4, 2}) {
    ModelConfig config = config_of(23);
    config.kv_heads = kv_heads;
    const auto model = random_model<EncoderDecoderModel>(config);
    const std::vector<Ids> sources = random_sources(12, 23);
    for (const int beam : {1, 3}) {
      const auto targets = translate(*model, sources, {.beam = beam, .n_best = beam});
      for (std::size_t i = 0; i < sources.size(); ++i) {
        REQUIRE(targets[i].size() == static_cast<std::size_t>(beam));
        for (const Hypothesis& target : targets[i]) {
          const double expected = log_probability_of(*model, sources[i], target);
          CHECK(std::abs(target.log_probability - expected) < 1e-5 * static_cast<double>(target.ids.size() + 1));
        }
      }
    }
  }
}

TEST_CASE("a beam of one gives the greedy targets") {
  const auto model = random_model<EncoderDecoderModel>(config_of(23));
  const std::vector<Ids> sources = random_sources(8, 23);
  const auto targets = translate(*model, sources, {});
  for (std::size_t i = 0; i < sources.size(); ++i) {
    REQUIRE(targets[i].size() == 1);
    const Hypothesis expected = greedy_by_hand(*model, sources[i]);
    CHECK(targets[i][0].ids == expected.ids);
    CHECK(targets[i][0].ended == expected.ended);
    CHECK(targets[i][0].log_probability == doctest::Approx(expected.log_probability).epsilon(1e-5));
  }
}

TEST_CASE("a batch gives what its sources give one by one, with any number of threads") {
  const auto model = random_model<EncoderDecoderModel>(config_of(23));
  const std::vector<Ids> sources = random_sources(60, 23);
  const TranslationOptions variants[] = {{}, {.beam = 5, .n_best = 5}, {.beam = 4, .length_penalty = 0}};
  for (const TranslationOptions& options : variants) {
    CAPTURE(options.beam);
    const auto together = translate(*model, sources, options);
    REQUIRE(together.size() == sources.size());
    for (std::size_t i = 0; i < sources.size(); i += 7) {
      check_same(together[i], translate(*model, {sources[i]}, options)[0]);
    }
    const auto threaded = translate(*model, sources, options, 3);
    for (std::size_t i = 0; i < sources.size(); ++i) {
      REQUIRE(threaded[i].size() == together[i].size());
      for (std::size_t k = 0; k < threaded[i].size(); ++k) {
        CHECK(threaded[i][k].ids == together[i][k].ids);
        CHECK(threaded[i][k].score == together[i][k].score);
      }
    }
  }
}

// All targets of up to max_length tokens over the ids from 1 on.
void enumerate(const EncoderDecoderModel& model, const Ids& source, std::size_t max_length, const Ids& prefix,
               std::vector<Hypothesis>& all) {
  for (std::int32_t id = 1; id < model.config().vocabulary; ++id) {
    Hypothesis target{prefix, 0, 0, id == kEnd};
    if (!target.ended) target.ids.push_back(id);
    if (target.ended || target.ids.size() == max_length) {
      target.log_probability = log_probability_of(model, source, target);
      all.push_back(target);
    } else {
      enumerate(model, source, max_length, target.ids, all);
    }
  }
}

TEST_CASE("a wide beam finds the best of all targets of a tiny vocabulary") {
  const auto model = random_model<EncoderDecoderModel>(config_of(5), 8);
  const Ids source = {3, 2, 4, kEnd};
  std::vector<Hypothesis> all;
  enumerate(*model, source, 4, {}, all);
  REQUIRE(all.size() == 1 + 3 + 9 + 27 * 4);
  for (const double alpha : {0.0, 1.0}) {
    CAPTURE(alpha);
    for (Hypothesis& target : all) {
      const double n = static_cast<double>(target.ids.size()) + (target.ended ? 1 : 0);
      target.score = target.log_probability / std::pow(n, alpha);
    }
    std::sort(all.begin(), all.end(), [](const auto& a, const auto& b) { return a.score > b.score; });
    const auto found =
        translate(*model, {source}, {.beam = 150, .length_penalty = alpha, .n_best = 10, .max_length = 4});
    check_same(found[0], {all.begin(), all.begin() + 10});
  }
}

TEST_CASE("padding is never written, nor ids that the tokenizer lacks, however likely they are") {
  const auto model = random_model<EncoderDecoderModel>(config_of(23));
  const Tensor bias = model->output_bias();
  bias.data[kPad] = 50;
  bias.data[20] = bias.data[22] = 40;
  const std::vector<Ids> sources = random_sources(10, 20);
  const SamplingOptions sampling{.temperature = 1, .top_p = 1};
  const TranslationOptions variants[] = {{.vocabulary = 20},
                                         {.beam = 4, .n_best = 4, .vocabulary = 20},
                                         {.n_best = 3, .sample = true, .sampling = sampling, .vocabulary = 20}};
  for (const TranslationOptions& options : variants) {
    for (const auto& targets : translate(*model, sources, options)) {
      REQUIRE(!targets.empty());
      for (const Hypothesis& target : targets) {
        for (const std::int32_t id : target.ids) CHECK((id > kEnd && id < 20));
        // Scores are log-probabilities among all tokens.
        CHECK(target.log_probability < -30);
      }
    }
  }
}

TEST_CASE("targets end at the greatest length, at most the context") {
  const auto model = random_model<EncoderDecoderModel>(config_of(23, 16));
  model->output_bias().data[kEnd] = -100;
  const std::vector<Ids> sources = {{5, kEnd}, {5, 6, 7, 8, kEnd}, Ids(15, 4)};
  auto targets = translate(*model, sources, {.beam = 2});
  CHECK(targets[0][0].ids.size() == 14);
  CHECK(targets[1][0].ids.size() == 16);
  CHECK(targets[2][0].ids.size() == 16);
  CHECK(!targets[0][0].ended);
  CHECK(targets[0][0].score == doctest::Approx(targets[0][0].log_probability / 14));
  targets = translate(*model, sources, {.max_length = 3});
  for (const auto& target : targets) CHECK(target[0].ids.size() == 3);
  targets = translate(*model, sources, {.max_length = 1000});
  for (const auto& target : targets) CHECK(target[0].ids.size() == 16);
}

TEST_CASE("samples depend on seed and number of the source, not on the batch") {
  const auto model = random_model<EncoderDecoderModel>(config_of(23));
  const std::vector<Ids> sources = random_sources(20, 23);
  const TranslationOptions options{.n_best = 2, .sample = true, .sampling = {.temperature = 1, .top_p = 1}, .seed = 4};
  ThreadPool pool(2);
  Translator translator(*model, *simd::kernels(), pool, options);
  const auto together = translator.translate(sources);
  for (std::size_t i = 0; i < sources.size(); i += 3) {
    check_same(translator.translate({&sources[i], 1}, i)[0], together[i]);
  }
  CHECK(translator.translate({&sources[0], 1}, 1)[0][0].ids != together[0][0].ids);
  TranslationOptions other = options;
  other.seed = 5;
  CHECK(translate(*model, sources, other)[0][0].ids != together[0][0].ids);
}

TEST_CASE("impossible options, sources and models are errors") {
  const auto model = random_model<EncoderDecoderModel>(config_of(23, 8));
  const auto run = [&](const TranslationOptions& options, const Ids& source = {3, kEnd}) {
    translate(*model, {source}, options);
  };
  CHECK_THROWS_WITH_AS(run({.beam = 0}), "--beam is 0, expected a whole number from 1", Error);
  CHECK_THROWS_AS(run({.length_penalty = -1}), Error);
  CHECK_THROWS_AS(run({.length_penalty = std::numeric_limits<double>::quiet_NaN()}), Error);
  CHECK_THROWS_WITH_AS(run({.beam = 2, .n_best = 3}), "--n-best 3 needs a --beam of at least as many, found 2", Error);
  CHECK_THROWS_AS(run({.max_length = -1}), Error);
  CHECK_THROWS_AS(run({.sample = true, .sampling = {.top_p = 2}}), Error);
  CHECK_THROWS_WITH_AS(run({}, Ids(9, 3)), "a source of 9 tokens, expected 1 to the model's context of 8", Error);
  CHECK_THROWS_AS(run({}, {}), Error);
  CHECK_THROWS_AS(run({}, {23, kEnd}), Error);
  model->output_bias().data[4] = std::numeric_limits<float>::quiet_NaN();
  CHECK_THROWS_AS(run({}), Error);
  CHECK_THROWS_AS(run({.sample = true}), Error);
  CHECK(translate(*model, {}, {}).empty());
}

}  // namespace
}  // namespace attn
