#include "generation/translate_text.h"

#include <doctest/doctest.h>

#include "models/folder.h"

namespace attn {
namespace {

using Ids = std::vector<std::int32_t>;

// Tokens of tests/reference/marian: </s> 0, <unk> 1, space 2, a … s 3 … 21, <pad> 22; its context is 14.
struct Reference {
  ModelFolder folder{"tests/reference/marian"};
  std::unique_ptr<EncoderDecoderModel> model = load_encoder_decoder(folder);
  std::unique_ptr<Tokenizer> tokenizer = tokenizer_from_json(folder.read(kTokenizerFile), "tokenizer.json");
  ThreadPool pool{1};
};

TEST_CASE("a source ends with the end token, put there by the tokenizer or here; too long, it is cut before it") {
  const Reference reference;
  const ModelConfig& config = reference.model->config();
  SourceTokens source = encode_source(*reference.tokenizer, config, "big Zog");
  CHECK(source.ids == Ids{4, 11, 9, 2, 1, 17, 9, 0});
  CHECK(source.unknown == 1);
  CHECK(!source.empty);
  CHECK(!source.cut);
  source = encode_source(*reference.tokenizer, config, "abcdefghijklmnop");
  CHECK(source.ids == Ids{3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 0});
  CHECK(source.cut);
  CHECK(encode_source(*reference.tokenizer, config, "abcdefghijklm").cut == false);
  CHECK(encode_source(*reference.tokenizer, config, "").empty);

  std::string json = reference.folder.read(kTokenizerFile);
  const std::size_t begin = json.find("\"post_processor\""), end = json.find("\"decoder\"");
  json.replace(begin, end - begin, "\"post_processor\":null,");
  const auto plain = tokenizer_from_json(json, "tokenizer.json");
  CHECK(encode_source(*plain, config, "ab").ids == Ids{3, 4, 0});
  ModelConfig smaller = config;
  smaller.vocabulary = 10;
  CHECK_THROWS_WITH(encode_source(*plain, smaller, "ah"),
                    "the tokenizer gives the id 10, but the model's vocabulary ends at 9");
}

TEST_CASE("lines are translated in their order, empty ones to empty ones, whatever stands beside them") {
  Reference reference;
  const std::vector<std::string> lines = {"big frog", "", "a", "hello dog", "no milk", "abcdefghijklmnop"};
  for (const int beam : {1, 4}) {
    const TranslationOptions options{.beam = beam};
    const auto together =
        translate_lines(*reference.model, *reference.tokenizer, *simd::kernels(), reference.pool, lines, options);
    REQUIRE(together.size() == lines.size());
    CHECK(together[1].empty());
    for (std::size_t i = 0; i < lines.size(); ++i) {
      CHECK(translate_lines(*reference.model, *reference.tokenizer, *simd::kernels(), reference.pool, {&lines[i], 1},
                            options)[0] == together[i]);
    }
  }
  TextTranslator translator(*reference.model, *reference.tokenizer, *simd::kernels(), reference.pool,
                            {.beam = 4, .n_best = 3});
  const auto translations = translator.translate(lines);
  CHECK(translations[0].size() == 3);
  CHECK(translations[0][0].score >= translations[0][1].score);
  CHECK(translations[1].size() == 1);
  CHECK(translator.lines() == 6);
  CHECK(translator.cut() == 1);
  CHECK(translator.unknown() == 0);
}

}  // namespace
}  // namespace attn
