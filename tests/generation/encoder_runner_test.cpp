#include "generation/encoder_runner.h"

#include <doctest/doctest.h>

#include <cmath>
#include <utility>

#include "base/error.h"
#include "generation/text_embedder.h"
#include "support/tiny_encoder.h"
#include "text/tokenizer_trainer.h"

namespace attn {
namespace {

EncoderText text_of(std::uint64_t seed, std::int64_t tokens) {
  EncoderText text{random_encoder_text(seed, tokens), {}, 0};
  text.types.assign(text.ids.size(), 0);
  return text;
}

std::vector<std::vector<float>> vectors_of(const EncoderModel& model, Pooling pooling, bool unit, bool one_by_one) {
  std::vector<std::vector<float>> vectors;
  ThreadPool pool(2);
  TextEmbedder embedder(model, pooling, unit, *simd::kernels(), pool, [&](std::int64_t text, std::span<const float> v) {
    CHECK(text == static_cast<std::int64_t>(vectors.size()));
    vectors.emplace_back(v.begin(), v.end());
  });
  for (std::uint64_t i = 0; i < 400; ++i) {
    embedder.add(text_of(i, static_cast<std::int64_t>(i % 13)));
    if (one_by_one) embedder.flush();
  }
  embedder.flush();
  return vectors;
}

TEST_CASE("encoder runner: batches give every text, in order, what it gets alone") {
  const auto model = random_encoder(tiny_encoder_config(Head::none));
  for (const Pooling pooling : {Pooling::first, Pooling::mean}) {
    const auto batched = vectors_of(*model, pooling, false, false), alone = vectors_of(*model, pooling, false, true);
    REQUIRE(batched.size() == 400);
    for (std::size_t i = 0; i < batched.size(); ++i) {
      for (std::size_t k = 0; k < batched[i].size(); ++k) REQUIRE(std::abs(batched[i][k] - alone[i][k]) < 1e-5f);
    }
    for (const auto& vector : vectors_of(*model, pooling, true, false)) {
      double squares = 0;
      for (const float value : vector) squares += static_cast<double>(value) * static_cast<double>(value);
      CHECK(squares == doctest::Approx(1).epsilon(1e-5));
    }
  }
}

TEST_CASE("encoder runner: texts that cannot be run are named") {
  const auto model = random_encoder(tiny_encoder_config(Head::none));
  ThreadPool pool(1);
  EncoderRunner runner(*model, *simd::kernels(), pool, [](const EncoderRunner::Batch&) {});
  CHECK_THROWS_WITH_AS(runner.add({}), "a text to encode has no tokens", Error);
  CHECK_THROWS_WITH_AS(runner.add(text_of(1, 15)), "a text has 17 tokens, the model's context 16", Error);
  CHECK_THROWS_WITH_AS(runner.add({{2, 12, 3}, {0, 0, 0}, 0}), "the model has no token 12", Error);
}

TEST_CASE("encode text: special tokens around it, cut where it is too long, the mask only if asked for") {
  TokenizerTraining training{.kind = TokenizerKind::character, .special_tokens = {}};
  use_encoder_tokens(training);
  bool given = false;
  const auto tokenizer = train_tokenizer(training, [&](std::string& text) {
    text = "abc";
    return !std::exchange(given, true);
  });
  const EncoderText text = encode_text(*tokenizer, 6, "abcab");
  CHECK(text.ids == std::vector<std::int32_t>{2, 5, 6, 7, 5, 3});
  CHECK(text.types == std::vector<std::int32_t>(6));
  CHECK(text.cut == 1);
  CHECK(encode_text(*tokenizer, 6, "").ids == std::vector<std::int32_t>{2, 3});
  CHECK(encode_text(*tokenizer, 20, "a[MASK]b", true).ids == std::vector<std::int32_t>{2, 5, 4, 6, 3});
  CHECK(encode_text(*tokenizer, 20, "a[MASK]b").ids.size() == 10);
  CHECK_THROWS_AS(encode_text(*tokenizer, 2, "a"), Error);
}

}  // namespace
}  // namespace attn
