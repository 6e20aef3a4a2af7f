#include "generation/generator.h"

#include <doctest/doctest.h>

#include <algorithm>

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

TEST_CASE("no tokens wanted, none made") {
  const auto model = random_model(tiny_config(Architecture::gpt2, 4));
  const Result result = run(*model, {1, 2, 3, 4, 5}, {.tokens = 0, .samples = 2});
  CHECK(result.samples == std::vector<Ids>(2));
}

}  // namespace attn
