#include "generation/generator.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <limits>

#include "base/error.h"
#include "models/quantize.h"
#include "simd/support.h"
#include "support/random_model.h"

namespace attn {

namespace {

using Ids = std::vector<std::int32_t>;

struct Result {
  std::vector<Ids> samples;
  std::vector<StopReason> reasons;
};

Result run(const DecoderModel& model, const Ids& prompt, const GenerationOptions& options, std::int32_t stop_at = -1) {
  Result result{std::vector<Ids>(static_cast<std::size_t>(options.samples)),
                std::vector<StopReason>(static_cast<std::size_t>(options.samples))};
  int ends = 0;
  ThreadPool pool(1);
  generate(
      model, *simd::kernels(), pool, prompt, options,
      [&](int sample, std::int32_t id) {
        result.samples[static_cast<std::size_t>(sample)].push_back(id);
        return id != stop_at;
      },
      [&](int sample, StopReason reason) {
        result.reasons[static_cast<std::size_t>(sample)] = reason;
        ++ends;
      });
  CHECK(ends == options.samples);
  return result;
}

}  // namespace

TEST_CASE("the seed decides the text; samples differ, and do not depend on their number") {
  const auto model = random_model(tiny_config(Architecture::gpt2, 16));
  const GenerationOptions one{.tokens = 40, .samples = 1, .seed = 9};
  const GenerationOptions three{.tokens = 40, .samples = 3, .seed = 9};
  const GenerationOptions other{.tokens = 40, .samples = 1, .seed = 10};
  const Result first = run(*model, {1, 2}, one), many = run(*model, {1, 2}, three);
  CHECK(first.samples[0].size() == 40);
  CHECK(first.reasons[0] == StopReason::tokens);
  CHECK(run(*model, {1, 2}, one).samples == first.samples);
  CHECK(many.samples[0] == first.samples[0]);
  CHECK(many.samples[1] != many.samples[0]);
  CHECK(many.samples[2] != many.samples[1]);
  CHECK(run(*model, {1, 2}, other).samples != first.samples);
}

TEST_CASE("the end token and the callback end a sample, the others go on") {
  const auto model = random_model(tiny_config(Architecture::llama, 16));
  const GenerationOptions options{.sampling = {.temperature = 2, .top_p = 1}, .tokens = 60, .samples = 4, .seed = 2};
  const Result endless = run(*model, {3}, options);
  GenerationOptions ending = options;
  ending.end_id = 7;
  const Result ended = run(*model, {3}, ending), stopped = run(*model, {3}, options, 7);
  int cut = 0;
  for (std::size_t i = 0; i < 4; ++i) {
    const Ids& whole = endless.samples[i];
    const auto found = std::find(whole.begin(), whole.end(), 7);
    CHECK(ended.samples[i] == Ids(whole.begin(), found));
    CHECK(stopped.samples[i] == Ids(whole.begin(), found == whole.end() ? found : found + 1));
    CHECK(ended.reasons[i] == (found == whole.end() ? StopReason::tokens : StopReason::end_token));
    CHECK(stopped.reasons[i] == (found == whole.end() ? StopReason::tokens : StopReason::callback));
    cut += found != whole.end();
  }
  CHECK(cut > 0);
}

TEST_CASE("many samples are made in several batches, each with its own numbers") {
  const auto model = random_model(tiny_config(Architecture::gpt2, 16));
  const Result result = run(*model, {1, 2}, {.tokens = 12, .samples = 40});
  for (const Ids& sample : result.samples) CHECK(sample.size() == 12);
  CHECK(result.samples[33] != result.samples[1]);
  CHECK(result.samples[39] != result.samples[38]);
}

TEST_CASE("ids from the given number on are not drawn") {
  const auto model = random_model(tiny_config(Architecture::gpt2, 16));
  const SamplingOptions flat{.temperature = 10, .top_p = 1, .repetition_penalty = 1.1f};
  const Result all = run(*model, {22}, {.sampling = flat, .tokens = 200});
  const Result some = run(*model, {22}, {.sampling = flat, .tokens = 200, .vocabulary = 5});
  CHECK(*std::ranges::max_element(all.samples[0]) == 22);
  CHECK(*std::ranges::max_element(some.samples[0]) == 4);
}

TEST_CASE("drafts do not change the text, whether they are good or bad") {
  for (const Architecture architecture : {Architecture::gpt2, Architecture::llama}) {
    CAPTURE(static_cast<int>(architecture));
    ModelConfig config = tiny_config(architecture, 16);
    config.d_ff = 600;
    const auto plain = random_model(config), good = random_model(config), bad = random_model(config, 4);
    for (DecoderModel* model : {good.get(), bad.get()}) quantize(model->parameters(), config);
    // The copies are of other weights.
    std::copy_n(plain->parameters().values(), plain->parameters().size(), bad->parameters().values());

    const SamplingOptions flat{.temperature = 1.5f, .top_p = 1};
    std::vector<GenerationOptions> all = {
        {.tokens = 60, .seed = 9},
        {.sampling = {.greedy = true}, .tokens = 60},
        {.sampling = {.repetition_penalty = 1.4f}, .tokens = 60, .seed = 3},
        {.sampling = {.greedy = true, .repetition_penalty = 1.2f}, .tokens = 60},
        {.sampling = flat, .tokens = 60, .seed = 2, .end_id = 7},
        {.sampling = flat, .tokens = 60, .seed = 5, .vocabulary = 8},
    };
    for (int tokens = 0; tokens < 8; ++tokens) all.push_back({.sampling = flat, .tokens = tokens, .seed = 6});
    const std::vector<Ids> prompts = {{1}, {1, 2, 3}, Ids(15, 4), Ids(16, 4), Ids(20, 4)};
    for (const Ids& prompt : prompts) {
      for (GenerationOptions options : all) {
        for (const std::int32_t stop_at : {-1, 5}) {
          options.drafts = 0;
          const Result expected = run(*plain, prompt, options, stop_at);
          for (const DecoderModel* model : {good.get(), bad.get()}) {
            for (options.drafts = 1; options.drafts <= 3; ++options.drafts) {
              const Result actual = run(*model, prompt, options, stop_at);
              CHECK(actual.samples == expected.samples);
              CHECK(actual.reasons == expected.reasons);
            }
          }
        }
      }
    }
  }
}

TEST_CASE("several samples are made without drafts, and one of them is that made with drafts") {
  const auto plain = random_model(tiny_config(Architecture::llama, 16)),
             model = random_model(tiny_config(Architecture::llama, 16));
  quantize(model->parameters(), model->config());
  const Result expected = run(*plain, {1, 2}, {.tokens = 40, .samples = 3});
  CHECK(run(*model, {1, 2}, {.tokens = 40, .samples = 3, .drafts = 3}).samples == expected.samples);
  CHECK(run(*model, {1, 2}, {.tokens = 40, .samples = 1, .drafts = 3}).samples[0] == expected.samples[0]);
}

TEST_CASE("what is not a number ends a text with drafts where it does without") {
  const ModelConfig config = tiny_config(Architecture::llama, 16);
  const auto plain = random_model(config), model = random_model(config);
  quantize(model->parameters(), config);
  constexpr std::int32_t kDamaged = 7;
  for (DecoderModel* each : {plain.get(), model.get()}) {
    each->parameters().find("embedding.weight")->tensor.data[kDamaged * config.d_model] =
        std::numeric_limits<float>::quiet_NaN();
  }
  for (std::uint64_t seed = 1; seed <= 8; ++seed) {
    std::vector<Ids> texts;
    for (const int drafts : {0, 3}) {
      ThreadPool pool(1);
      Ids& text = texts.emplace_back();
      const auto generate_all = [&] {
        generate(
            drafts > 0 ? *model : *plain, *simd::kernels(), pool, Ids{1},
            {.tokens = 200, .seed = seed, .drafts = drafts},
            [&](int, std::int32_t id) {
              text.push_back(id);
              return true;
            },
            [](int, StopReason) {});
      };
      CHECK_THROWS_AS(generate_all(), Error);
    }
    CHECK(texts[1] == texts[0]);
    CHECK(texts[0].back() == kDamaged);
  }
}

TEST_CASE("drafts are prepared for one text of a model whose weights are many, and finite, where bytes are read fast") {
  ModelConfig large = tiny_config(Architecture::gpt2, 16);
  large.d_ff = 20000;
  ModelConfig larger = large;
  larger.d_ff = 80000;
  const auto largest = random_model(larger);
  test::for_each_instruction_set([&](const simd::Kernels& kernels) {
    const auto small = random_model(tiny_config(Architecture::gpt2, 16)), model = random_model(large),
               damaged = random_model(large);
    damaged->parameters().find("layers.1.feed_forward.down.weight")->tensor.data[5] =
        std::numeric_limits<float>::infinity();
    const auto drafts = [&](DecoderModel& of, GenerationOptions options) {
      prepare_drafts(of, kernels, options);
      CHECK((of.output_weight().quantized != nullptr) == (options.drafts > 0));
      return options.drafts;
    };
    CHECK(drafts(*small, {}) == 0);
    CHECK(drafts(*damaged, {}) == 0);
    for (const NamedParameter& parameter : damaged->parameters().list()) CHECK(parameter.tensor.quantized == nullptr);
    CHECK(drafts(*model, {.tokens = 20}) == 0);
    CHECK(drafts(*model, {.samples = 2}) == 0);
    CHECK(drafts(*model, {}) == (kernels.vector_floats >= 16 ? 3 : 0));  // which the last cache holds
    if (kernels.vector_floats < 8) CHECK(drafts(*largest, {}) == 0);
    if (kernels.vector_floats == 8) CHECK(drafts(*largest, {}) == 3);
  });
}

TEST_CASE("no tokens wanted, none made") {
  const auto model = random_model(tiny_config(Architecture::gpt2, 4));
  const Result result = run(*model, {1, 2, 3, 4, 5}, {.tokens = 0, .samples = 2});
  CHECK(result.samples == std::vector<Ids>(2));
}

}  // namespace attn
