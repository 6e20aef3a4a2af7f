#include "inspection/attention_html.h"

#include <doctest/doctest.h>

#include <cmath>
#include <cstring>

#include "base/error.h"
#include "base/json.h"
#include "inspection/attention_example.h"
#include "inspection/page_parts.h"
#include "inspection/page_reader.h"

namespace attn {
namespace {

std::string page_of(const std::vector<TracedText>& texts, const AttentionSelection& selection = {}) {
  std::string out;
  AttentionPage page("a <model>", selection, [&out](std::string_view part) { out += part; });
  for (std::size_t i = 0; i < texts.size(); ++i) page.add("text " + std::to_string(i), texts[i]);
  page.finish();
  return out;
}

Json text_entry(const std::string& page, std::size_t at = 0) {
  return parse_json(between(page, "class=\"text\">", "</script>", at), "page");
}

std::string packed(const std::string& page, const Json& record) {
  std::size_t at = 0;
  return from_base64(between(page, "id=\"" + record.at("id").as_string() + "\">", "</script>", at));
}

}  // namespace

TEST_CASE("base64: the examples of RFC 4648") {
  CHECK(base64("") == "");
  CHECK(base64("f") == "Zg==");
  CHECK(base64("fo") == "Zm8=");
  CHECK(base64("foobar") == "Zm9vYmFy");
  CHECK(base64("\xFB\xFF") == "+/8=");
}

TEST_CASE("attention page: the weights are the records', to the bit, without masked pairs") {
  TracedText text;
  text.records = {random_attention(AttentionKind::decoder, 0, 3, 5, 5),
                  random_attention(AttentionKind::cross, 0, 3, 5, 7)};
  text.source_tokens = numbered_tokens(7);
  text.target_tokens = numbered_tokens(5);
  const std::string page = page_of({text});
  const Json entry = text_entry(page);
  REQUIRE(entry.at("records").as_array().size() == 2);
  for (std::size_t r = 0; r < 2; ++r) {
    const Json& written = entry.at("records").as_array()[r];
    const AttentionRecord& record = text.records[r];
    CHECK(written.at("kind").as_string() == name_of(record.kind));
    CHECK(written.at("bits").as_int() == 32);
    CHECK(written.at("keys").as_int() == record.keys);
    std::vector<float> expected;
    for (int row = 0; row < record.heads * record.queries; ++row) {
      for (int key = 0; key < record.keys; ++key) {
        if (!is_visible(record, row % record.queries, key)) continue;
        expected.push_back(record.weights[static_cast<std::size_t>(row * record.keys + key)]);
      }
    }
    const std::string bytes = packed(page, written);
    REQUIRE(bytes.size() == expected.size() * 4);
    CHECK(std::memcmp(bytes.data(), expected.data(), bytes.size()) == 0);
  }
}

TEST_CASE("attention page: long texts take two bytes a weight, exact to 1/131070") {
  TracedText text;
  text.records = {random_attention(AttentionKind::encoder, 0, 8, 100, 100)};
  text.source_tokens = numbered_tokens(100);
  const std::string page = page_of({text});
  const Json entry = text_entry(page);
  const Json& record = entry.at("records").as_array()[0];
  CHECK(record.at("bits").as_int() == 16);
  const std::string bytes = packed(page, record);
  const std::vector<float>& weights = text.records[0].weights;
  REQUIRE(bytes.size() == weights.size() * 2);
  double largest = 0;
  for (std::size_t i = 0; i < weights.size(); ++i) {
    const int value = static_cast<unsigned char>(bytes[2 * i]) + 256 * static_cast<unsigned char>(bytes[2 * i + 1]);
    largest = std::max(largest, std::fabs(value / 65535.0 - static_cast<double>(weights[i])));
  }
  CHECK(largest < 0.51 / 65535);
}

TEST_CASE("attention page: whatever tokens hold stays text") {
  TracedText text;
  text.records = {random_attention(AttentionKind::decoder, 0, 1, 3, 3)};
  text.target_tokens = {"</script><img onerror=alert(1)>", "<!--", "\u202E\"\\"};
  const std::string page = page_of({text});
  CHECK(page.find("<img") == std::string::npos);
  CHECK(page.find("<!--") == std::string::npos);
  CHECK(page.find("<title>Attention: a &lt;model&gt;</title>") != std::string::npos);
  const Json entry = text_entry(page);
  const Json::Array& labels = entry.at("target").as_array();
  CHECK(labels[0].as_string() == "</script><img·onerror=alert(1)>");
  CHECK(labels[1].as_string() == "<!--");
  CHECK(labels[2].as_string() == "\\u202E\"\\");
  for (const char* elsewhere : {"http://", "https://", "src=", "import("})
    CHECK(page.find(elsewhere) == std::string::npos);
}

TEST_CASE("attention page: kinds, layers and heads of the selection; texts without attention are left out") {
  TracedText text;
  for (int layer = 0; layer < 3; ++layer)
    text.records.push_back(random_attention(AttentionKind::encoder, layer, 4, 3, 3));
  text.source_tokens = numbered_tokens(3);
  AttentionSelection selection;
  selection.layers = {2, 1};
  selection.heads = {3, 0};
  const Json entry = text_entry(page_of({TracedText{}, text}, selection));
  CHECK(entry.at("name").as_string() == "text 1");
  const Json::Array& records = entry.at("records").as_array();
  REQUIRE(records.size() == 2);
  CHECK(records[0].at("layer").as_int() == 1);
  CHECK(write_json(records[0].at("heads")) == "[0,3]");
  CHECK_THROWS_WITH_AS(page_of({TracedText{}}), "there is no attention to show: the texts have no tokens", Error);
}

}  // namespace attn
