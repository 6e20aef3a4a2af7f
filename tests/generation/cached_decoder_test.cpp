#include "generation/cached_decoder.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "models/quantize.h"
#include "simd/support.h"
#include "support/random_model.h"

namespace attn {

namespace {

using Ids = std::vector<std::int32_t>;

// Logits after the last token, from a pass over all of them without a cache.
std::vector<float> full_pass(const DecoderModel& model, const Ids& ids) {
  Arena arena;
  ThreadPool pool(1);
  Context context{arena, pool, *simd::kernels()};
  const auto n = static_cast<std::int32_t>(ids.size());
  const std::int32_t starts[] = {0, n};
  Ids positions(ids.size());
  for (std::int32_t i = 0; i < n; ++i) positions[static_cast<std::size_t>(i)] = i;
  const Tensor hidden = model.hidden(context, {{1, starts, &n, positions.data()}, ids.data()});
  const Tensor logits = model.logits(context, hidden);
  const float* last = logits.data + (n - 1) * logits.columns();
  return {last, last + logits.columns()};
}

void check_logits(std::span<const float> actual, const std::vector<float>& expected) {
  REQUIRE(actual.size() == expected.size());
  float difference = 0;
  for (std::size_t i = 0; i < expected.size(); ++i) {
    difference = std::max(difference, std::abs(actual[i] - expected[i]));
  }
  CHECK(difference < 1e-5f);
}

std::int32_t token(int slot, int step) {
  return static_cast<std::int32_t>(RandomStream(5, RandomPurpose::data)
                                       .derive(static_cast<std::uint64_t>(slot))
                                       .below(static_cast<std::uint64_t>(step), 23));
}

void append_in_rule(Ids& window, std::int32_t id, std::size_t context) {
  if (window.size() == context)
    window.erase(window.begin(), window.end() - static_cast<std::ptrdiff_t>(context / 2 - 1));
  window.push_back(id);
}

}  // namespace

TEST_CASE("cached logits are those of a full pass, within the context and past it") {
  for (const Architecture architecture : {Architecture::gpt2, Architecture::llama}) {
    CAPTURE(static_cast<int>(architecture));
    const auto model = random_model(tiny_config(architecture, 8));
    ThreadPool pool(1);
    CachedDecoder decoder(*model, *simd::kernels(), pool, 1, 1000);
    Ids window = {4, 11, 2};
    decoder.read(window);
    check_logits(decoder.logits(0), full_pass(*model, window));
    for (int step = 0; step < 20; ++step) {
      CAPTURE(step);
      const std::int32_t id = token(0, step);
      append_in_rule(window, id, 8);
      decoder.append({&id, 1});
      CHECK(std::ranges::equal(decoder.window(0), window));
      check_logits(decoder.logits(0), full_pass(*model, window));
    }
  }
}

TEST_CASE("several continuations share the prompt, and go on when others end") {
  const auto model = random_model(tiny_config(Architecture::llama, 8));
  ThreadPool pool(2);
  CachedDecoder decoder(*model, *simd::kernels(), pool, 3, 1000);
  const Ids prompt = {4, 11, 2};
  std::vector<Ids> windows(3, prompt);
  decoder.read(prompt);
  for (int slot = 0; slot < 3; ++slot) check_logits(decoder.logits(slot), full_pass(*model, prompt));
  for (int step = 0; step < 12; ++step) {
    CAPTURE(step);
    const bool second_ended = step >= 3;
    Ids ids;
    for (int slot = 0; slot < 3; ++slot) {
      ids.push_back(slot == 1 && second_ended ? -1 : token(slot, step));
      append_in_rule(windows[static_cast<std::size_t>(slot)], ids.back(), 8);
    }
    decoder.append(ids);
    for (int slot = 0; slot < 3; ++slot) {
      if (slot == 1 && second_ended) continue;
      CAPTURE(slot);
      check_logits(decoder.logits(slot), full_pass(*model, windows[static_cast<std::size_t>(slot)]));
    }
  }
}

TEST_CASE("up to four tokens in one pass give the logits of one after the other, to the last bit") {
  for (const Architecture architecture : {Architecture::gpt2, Architecture::llama}) {
    CAPTURE(static_cast<int>(architecture));
    ModelConfig config = tiny_config(architecture, 80);
    config.d_ff = 600;
    const auto model = random_model(config);
    test::for_each_instruction_set([&](const simd::Kernels& kernels) {
      ThreadPool one(1), two(2);
      CachedDecoder singly(*model, kernels, one, 1, 1000), together(*model, kernels, two, 1, 1000);
      const Ids prompt = {4, 11, 2};
      singly.read(prompt);
      together.read(prompt);
      for (int step = 0; step < 70;) {
        const int count = step % 4 + 1;
        CAPTURE(step);
        Ids ids;
        for (int i = 0; i < count; ++i) ids.push_back(token(0, step++));
        together.append_all(ids);
        for (int i = 0; i < count; ++i) {
          singly.append({&ids[static_cast<std::size_t>(i)], 1});
          CHECK(std::ranges::equal(together.logits(0, count - 1 - i), singly.logits(0)));
        }
        CHECK(std::ranges::equal(together.window(0), singly.window(0)));
      }
    });
  }
}

TEST_CASE("drafts that are taken back leave nothing, and are what a model in whole numbers reads") {
  const auto model = random_model(tiny_config(Architecture::llama, 12)),
             reduced = random_model(tiny_config(Architecture::llama, 12));
  quantize(model->parameters(), model->config());
  quantize(reduced->parameters(), reduced->config());
  const auto plain = random_model(tiny_config(Architecture::llama, 12));
  ThreadPool pool(1);
  CachedDecoder drafting(*model, *simd::kernels(), pool, 1, 1000, true),
      decoder(*plain, *simd::kernels(), pool, 1, 1000), whole_numbers(*reduced, *simd::kernels(), pool, 1, 1000);
  const Ids prompt = {4, 11, 2};
  for (CachedDecoder* each : {&drafting, &decoder, &whole_numbers}) each->read(prompt);
  CHECK(std::ranges::equal(drafting.logits(0), decoder.logits(0)));
  CHECK_FALSE(std::ranges::equal(whole_numbers.logits(0), decoder.logits(0)));
  for (int step = 0; step < 20; ++step) {
    CAPTURE(step);
    for (int i = 0; i < std::min(step % 4, drafting.room()); ++i) {
      drafting.draft(i);
      CHECK(drafting.window(0).size() == decoder.window(0).size() + static_cast<std::size_t>(i) + 1);
      CHECK_FALSE(std::ranges::equal(drafting.logits(0), decoder.logits(0)));
    }
    drafting.take_back(static_cast<int>(drafting.window(0).size() - decoder.window(0).size()));
    const std::int32_t id = token(0, step);
    drafting.append({&id, 1});
    decoder.append({&id, 1});
    CHECK(std::ranges::equal(drafting.window(0), decoder.window(0)));
    CHECK(std::ranges::equal(drafting.logits(0), decoder.logits(0)));
    CHECK(drafting.room() == 12 - static_cast<int>(drafting.window(0).size()));
  }
}

TEST_CASE("of a prompt longer than the context, the last part counts") {
  const auto model = random_model(tiny_config(Architecture::gpt2, 6));
  ThreadPool pool(1);
  CachedDecoder decoder(*model, *simd::kernels(), pool, 2, 1000);
  decoder.read(Ids{1, 2, 3, 4, 5, 6, 7, 8, 9});
  const Ids last = {4, 5, 6, 7, 8, 9};
  check_logits(decoder.logits(1), full_pass(*model, last));
  decoder.append(Ids{10, 10});
  check_logits(decoder.logits(1), full_pass(*model, {8, 9, 10}));
}

TEST_CASE("a context of one token") {
  const auto model = random_model(tiny_config(Architecture::gpt2, 1));
  ThreadPool pool(1);
  CachedDecoder decoder(*model, *simd::kernels(), pool, 1, 1000);
  decoder.read(Ids{1, 2});
  check_logits(decoder.logits(0), full_pass(*model, {2}));
  decoder.append(Ids{7});
  check_logits(decoder.logits(0), full_pass(*model, {7}));
}

TEST_CASE("no prompt, and ids that the model does not have, are errors") {
  const auto model = random_model(tiny_config(Architecture::gpt2, 4));
  ThreadPool pool(1);
  CachedDecoder decoder(*model, *simd::kernels(), pool, 1, 10);
  CHECK_THROWS_AS(decoder.read(Ids{}), Error);
  CHECK_THROWS_AS(decoder.read(Ids{23}), Error);
  CHECK_THROWS_AS(decoder.read(Ids{-1}), Error);
}

}  // namespace attn
