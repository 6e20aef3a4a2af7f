#include "inspection/model_page.h"

#include <doctest/doctest.h>

#include <cstring>

#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "inspection/page_reader.h"
#include "inspection/page_tokenizer.h"
#include "models/folder.h"
#include "text/chat_format.h"

namespace attn {
namespace {

constexpr const char* kModel = "tests/reference/gpt2";

std::string page_of(const DecoderModel& model, const Tokenizer& tokenizer, std::string_view text, bool chats = false) {
  std::string out;
  write_model_page({.about = "a <model>",
                    .where = kModel,
                    .config = model.config(),
                    .parameters = model.parameters(),
                    .tokenizer = tokenizer,
                    .text = text,
                    .chats = chats},
                   [&out](std::string_view part) { out += part; });
  return out;
}

Json network_of(const std::string& page) {
  std::size_t at = 0;
  return parse_json(between(page, "id=\"network\">", "</script>", at), "page");
}

Json tokenizer_with(std::string_view part, Json value) {
  Json json = parse_json(read_file("tests/reference/gpt2/tokenizer.json"), "tokenizer.json");
  json.set(part, std::move(value));
  return json;
}

TEST_CASE("model page: holds every parameter to the last bit, and asks for nothing from elsewhere") {
  const auto model = load_decoder(ModelFolder(kModel));
  const auto tokenizer = read_tokenizer(kModel);
  const std::string page = page_of(*model, *tokenizer, "hi");
  for (const NamedParameter& parameter : model->parameters().list()) {
    std::size_t at = 0;
    const std::string bytes = from_base64(between(page, "id=\"p:" + parameter.name + "\">", "</script>", at));
    REQUIRE(bytes.size() == 4 * static_cast<std::size_t>(parameter.tensor.size()));
    CHECK(std::memcmp(bytes.data(), parameter.tensor.data, bytes.size()) == 0);
  }
  CHECK(page.find("http") == std::string::npos);
  CHECK(page.find("src=") == std::string::npos);
}

TEST_CASE("model page: says how the model and its tokenizer are made") {
  const auto model = load_decoder(ModelFolder(kModel));
  const auto tokenizer = read_tokenizer(kModel);
  const Json network = network_of(page_of(*model, *tokenizer, "hi"));
  CHECK(network.at("kind").as_string() == "decoder");
  CHECK(network.at("config").at("heads").as_int() == model->config().heads);
  CHECK(network.at("config").at("activation").as_string() == "gelu_tanh");
  CHECK(network.at("labels").as_array().size() == static_cast<std::size_t>(tokenizer->vocabulary_size()));
  CHECK(network.at("tokens").at("pieces").as_string() == "[\\s\\S]");
  CHECK(network.at("start").as_array()[0].as_int() == *model->config().end_id);
}

TEST_CASE("model page: a model that chats reads its separator behind the text") {
  const auto model = load_decoder(ModelFolder(kModel));
  const auto tokenizer = read_tokenizer(kModel);
  const Json plain = network_of(page_of(*model, *tokenizer, "hi"));
  CHECK(plain.find("separator") == nullptr);
  const Json chat = network_of(page_of(*model, *tokenizer, "hi", true));
  CHECK(chat.at("separator").as_int() == ChatFormat(*tokenizer, model->config().end_id).separator());
  CHECK(chat.at("prompt").as_string() != plain.at("prompt").as_string());
}

TEST_CASE("model page: texts stay text") {
  const auto model = load_decoder(ModelFolder(kModel));
  const auto tokenizer = read_tokenizer(kModel);
  const std::string evil = "</script><img src=x onerror=alert(1)>";
  const std::string page = page_of(*model, *tokenizer, evil);
  CHECK(page.find("<img") == std::string::npos);
  CHECK(page.find("a &lt;model&gt;") != std::string::npos);
  CHECK(network_of(page).at("text").as_string() == evil);
}

TEST_CASE("model page: refuses what it cannot hold") {
  ModelConfig config = ModelFolder(kModel).read_config();
  CHECK_NOTHROW(check_page_model(config, "DIR"));
  config.d_model = 512;
  config.d_ff = 2048;
  config.d_head = 128;
  CHECK_THROWS_WITH_AS(check_page_model(config, "DIR"), doctest::Contains("DIR has "), Error);
  CHECK_THROWS_WITH_AS(check_page_model(config, "DIR"), doctest::Contains("a page holds at most 5000000"), Error);

  ModelConfig embedder = ModelFolder("tests/reference/bert_model").read_config();
  CHECK_THROWS_WITH_AS(check_page_model(embedder, "DIR"), doctest::Contains("makes vectors of texts"), Error);

  const auto tokenizer = read_tokenizer(kModel);
  CHECK_NOTHROW(
      page_tokenizer(tokenizer_with("normalizer", Json::object().set("type", "Lowercase")), *tokenizer, "DIR"));
  CHECK_THROWS_WITH_AS(
      page_tokenizer(tokenizer_with("normalizer", Json::object().set("type", "NFC")), *tokenizer, "DIR"),
      doctest::Contains("its normalizer is NFC"), Error);
  CHECK_THROWS_WITH_AS(
      page_tokenizer(tokenizer_with("pre_tokenizer", Json::object().set("type", "Metaspace")), *tokenizer, "DIR"),
      doctest::Contains("its pre_tokenizer is Metaspace"), Error);
}

}  // namespace
}  // namespace attn
