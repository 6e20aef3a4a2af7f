#include "generation/sample_text.h"

#include <doctest/doctest.h>

#include "base/json.h"
#include "support/model_folder.h"

namespace attn {

namespace {

using Ids = std::vector<std::int32_t>;

std::unique_ptr<Tokenizer> tokenizer_with(std::string_view post_processor, std::string_view newline = "\n") {
  Json json = parse_json(tiny_tokenizer_json(), "tiny");
  json.set("post_processor", parse_json(post_processor, "test"));
  Json& model = const_cast<Json&>(json.at("model"));
  Json vocabulary = Json::object();
  for (const auto& [name, id] : model.at("vocab").as_object()) vocabulary.set(name == "\n" ? newline : name, id);
  model.set("vocab", vocabulary);
  return tokenizer_from_json(write_json(json), "test");
}

}  // namespace

TEST_CASE("a prompt's tokens, with the count of those unknown") {
  const auto tokenizer = tokenizer_with("null");
  const PromptTokens tokens = encode_prompt(*tokenizer, tiny_config(Architecture::gpt2, 8), "aXb€");
  CHECK(tokens.ids == Ids{4, 0, 5, 0});
  CHECK(tokens.unknown == 2);
}

TEST_CASE("a prompt stands behind the tokenizer's begin token, but not before its end token") {
  const auto tokenizer = tokenizer_with(R"({"type":"TemplateProcessing","single":[)"
                                        R"({"SpecialToken":{"id":"[UNK]","type_id":0}},)"
                                        R"({"Sequence":{"id":"A","type_id":0}},)"
                                        R"({"SpecialToken":{"id":"<|endoftext|>","type_id":0}}],"pair":[],)"
                                        R"("special_tokens":{"[UNK]":{"id":"[UNK]","ids":[0],"tokens":["[UNK]"]},)"
                                        R"("<|endoftext|>":{"id":"<|endoftext|>","ids":[1],"tokens":["x"]}}})");
  CHECK(encode_prompt(*tokenizer, tiny_config(Architecture::gpt2, 8), "ab").ids == Ids{0, 4, 5});
}

TEST_CASE("an empty prompt is what a text begins with") {
  const auto tokenizer = tokenizer_with("null");
  ModelConfig config = tiny_config(Architecture::gpt2, 8);
  CHECK(encode_prompt(*tokenizer, config, "").ids == Ids{2});
  config.end_id = 1;
  CHECK(encode_prompt(*tokenizer, config, "").ids == Ids{1});
  config.begin_id = 5;
  CHECK(encode_prompt(*tokenizer, config, "").ids == Ids{5});
  CHECK(encode_prompt(*tokenizer_with("null", "t"), tiny_config(Architecture::gpt2, 8), "").ids == Ids{3});
}

TEST_CASE("a sample in one call") {
  const auto tokenizer = tokenizer_with("null");
  const auto model = random_model(tiny_config(Architecture::gpt2, 8));
  ThreadPool pool(1);
  GenerationOptions options{.tokens = 20};
  const std::string text = sample_text(*model, *tokenizer, *simd::kernels(), pool, "abc", options);
  CHECK(text.size() > 5);
  CHECK(sample_text(*model, *tokenizer, *simd::kernels(), pool, "abc", options) == text);
}

}  // namespace attn
