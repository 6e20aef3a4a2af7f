#include "inspection/attention_svg.h"

#include <doctest/doctest.h>

#include <cmath>

#include "inspection/attention_example.h"
#include "inspection/heat_colors.h"
#include "inspection/markup.h"

namespace attn {
namespace {

int count(const std::string& text, const std::string& part) {
  int found = 0;
  for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++found;
  return found;
}

/// Tags are closed in the order in which they were opened, and attributes are quoted.
bool is_well_formed(const std::string& xml) {
  std::vector<std::string> open;
  for (std::size_t at = xml.find('<'); at != std::string::npos; at = xml.find('<', at + 1)) {
    const std::size_t end = xml.find('>', at);
    if (end == std::string::npos) return false;
    const std::string tag = xml.substr(at + 1, end - at - 1);
    if (tag.find('<') != std::string::npos || count(tag, "\"") % 2 != 0) return false;
    const std::string name = tag.substr(0, tag.find_first_of(" \n/", tag[0] == '/' ? 1 : 0));
    if (tag[0] == '/') {
      if (open.empty() || "/" + open.back() != name) return false;
      open.pop_back();
    } else if (tag.back() != '/') {
      open.push_back(name);
    }
  }
  return open.empty();
}

}  // namespace

TEST_CASE("SVG of one head: a cell of the weight's colour where the mask allows, tokens on both sides, numbers") {
  TracedText text;
  text.records = {random_attention(AttentionKind::decoder, 1, 2, 4, 4)};
  text.target_tokens = {"Once", " upon", "</text><script>", "\x01&\""};
  AttentionSelection selection;
  selection.heads = {1};
  const std::vector<HeadView> heads = select_heads(text, selection);
  const std::string svg = attention_svg(heads);
  CHECK(is_well_formed(svg));
  CHECK(svg.find("<title>decoder attention, layer 1, head 1</title>") != std::string::npos);
  CHECK(count(svg, ">·upon</text>") == 2);
  CHECK(count(svg, ">&lt;/text&gt;&lt;script&gt;</text>") == 2);
  CHECK(count(svg, ">\\x01&amp;&quot;</text>") == 2);
  for (int query = 0; query < 4; ++query) {
    for (int key = 0; key < 4; ++key) {
      const std::string cell = "M" + std::to_string(key) + " " + std::to_string(query) + "h1v1h-1z";
      CHECK(count(svg, cell) == (key <= query ? 1 : 0));
      if (key > query) continue;
      const std::size_t path = svg.rfind("fill=\"", svg.find(cell)) + 6;
      const auto level = std::lround(heads[0].weight(query, key) * 255);
      CHECK(svg.substr(path, 7) == hex_of(heat_color(static_cast<float>(level) / 255, Background::light)));
    }
  }
  CHECK(svg.find(">1.00</text>") != std::string::npos);
}

TEST_CASE("SVG of many heads: a panel for each, rows of layers, one block a kind") {
  TracedText text;
  for (int layer = 0; layer < 3; ++layer) {
    text.records.push_back(random_attention(AttentionKind::encoder, layer, 4, 6, 6));
    text.records.push_back(random_attention(AttentionKind::cross, layer, 4, 5, 6));
  }
  text.source_tokens = numbered_tokens(6);
  text.target_tokens = numbered_tokens(5);
  const std::string svg = attention_svg(select_heads(text, {}));
  CHECK(is_well_formed(svg));
  CHECK(count(svg, "<g transform") == 2 * 3 * 4);
  CHECK(count(svg, ">layer 2</text>") == 2);
  CHECK(count(svg, ">head 3</text>") == 2);
  CHECK(count(svg, ">encoder attention</text>") == 1);
  CHECK(count(svg, ">cross attention</text>") == 1);
}

TEST_CASE("SVG of many heads of a long text: weights share cells, and the picture says so") {
  TracedText text;
  for (int layer = 0; layer < 6; ++layer) {
    text.records.push_back(random_attention(AttentionKind::decoder, layer, 8, 200, 200));
  }
  text.target_tokens = numbered_tokens(200);
  const std::string svg = attention_svg(select_heads(text, {}));
  CHECK(is_well_formed(svg));
  CHECK(svg.find("a cell is the largest of 3 × 3 weights") != std::string::npos);
  CHECK(svg.size() < 8'000'000);
}

TEST_CASE("escaped markup stays text") {
  CHECK(escape_markup("</script><img onerror='a'>&\"") == "&lt;/script&gt;&lt;img onerror=&#39;a&#39;&gt;&amp;&quot;");
  CHECK(escape_markup("a\x02\xFFé\n") == "a\uFFFD\uFFFDé\n");
}

}  // namespace attn
