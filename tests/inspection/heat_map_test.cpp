#include "inspection/heat_map.h"

#include <doctest/doctest.h>

#include <cmath>
#include <sstream>

#include "base/utf8.h"
#include "inspection/attention_example.h"
#include "inspection/heat_colors.h"
#include "inspection/token_label.h"

namespace attn {
namespace {

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

/// Columns of a line, colour codes apart.
int columns_without_colors(const std::string& line) {
  std::string text;
  for (std::size_t i = 0; i < line.size(); ++i) {
    if (line[i] == '\x1B') {
      i = line.find('m', i);
    } else {
      text += line[i];
    }
  }
  return columns_of(text);
}

TracedText three_tokens() {
  TracedText text;
  AttentionRecord record;
  record.heads = 1;
  record.queries = record.keys = 3;
  record.causal = true;
  record.weights = {1, 0, 0, 0.36f, 0.64f, 0, 0.072f, 0.004f, 0.924f};
  text.records = {record};
  text.target_tokens = {"Write", " a", "poem\n"};
  return text;
}

}  // namespace

TEST_CASE("heat map: without colours, tokens along both sides and the weights in percent") {
  const TracedText text = three_tokens();
  const std::vector<HeadView> heads = select_heads(text, {});
  REQUIRE(heads.size() == 1);
  CHECK(draw_head(heads[0], {80, TerminalColors::none}) ==
        "decoder attention, layer 0, head 0; rows look at columns, in percent\n"
        "\n"
        "         Write    ·a poem↵\n"
        "0 Write    100\n"
        "1 ·a        36    64\n"
        "2 poem↵      7     .    92\n");
}

TEST_CASE("heat map: the cells of a colour terminal have the weights' colours, all or the nearest of 256") {
  const TracedText text = three_tokens();
  const std::vector<HeadView> heads = select_heads(text, {});
  const Rgb full = heat_color(1, Background::dark);
  const std::string all = draw_head(heads[0], {80, TerminalColors::all});
  const std::string code = "\x1B[48;2;" + std::to_string(full.red) + ";" + std::to_string(full.green) + ";" +
                           std::to_string(full.blue) + "m";
  CHECK(all.find(code) != std::string::npos);
  const std::string palette = draw_head(heads[0], {80, TerminalColors::palette});
  CHECK(palette.find("\x1B[48;5;" + std::to_string(nearest_in_palette(full)) + "m") != std::string::npos);
  CHECK(palette.find(";2;") == std::string::npos);
}

TEST_CASE("heat maps: no line is wider than the terminal, and every row of a short text is there") {
  for (const int tokens : {1, 3, 12, 30, 60, 300}) {
    TracedText text;
    for (int layer = 0; layer < 2; ++layer) {
      text.records.push_back(random_attention(AttentionKind::decoder, layer, 12, tokens, tokens));
    }
    for (int i = 0; i < tokens; ++i) text.target_tokens.push_back(i % 3 == 0 ? "字" : " token" + std::to_string(i));
    const std::vector<HeadView> heads = select_heads(text, {});
    for (const int width : {40, 80, 200}) {
      for (const TerminalColors colors : {TerminalColors::none, TerminalColors::all}) {
        const std::vector<std::string> one = lines_of(draw_head(heads[3], {width, colors}));
        CHECK(static_cast<int>(one.size()) >= std::min(tokens, 48) + 3);
        for (const std::string& line : one) CHECK(columns_without_colors(line) <= width);
        const std::vector<std::string> grid = lines_of(draw_heads(heads, {width, colors}));
        for (const std::string& line : grid) CHECK(columns_without_colors(line) <= width);
      }
    }
  }
}

TEST_CASE("heat map: an overview has a picture for each head, and a heading for each kind") {
  TracedText text;
  text.records = {random_attention(AttentionKind::cross, 0, 2, 3, 5),
                  random_attention(AttentionKind::encoder, 0, 2, 5, 5)};
  text.source_tokens = numbered_tokens(5);
  text.target_tokens = numbered_tokens(3);
  const std::string drawn = draw_heads(select_heads(text, {}), {80, TerminalColors::none});
  CHECK(drawn.find("encoder attention of 5 tokens to 5") < drawn.find("cross attention of 3 tokens to 5"));
  CHECK(drawn.find("head 0") != drawn.rfind("head 1"));
  AttentionSelection selection;
  selection.kinds = {AttentionKind::cross};
  selection.heads = {1};
  const std::vector<HeadView> chosen = select_heads(text, selection);
  REQUIRE(chosen.size() == 1);
  CHECK(chosen[0].title() == "cross attention, layer 0, head 1");
  CHECK(chosen[0].weight(2, 4) == text.records[0].weights[(3 + 2) * 5 + 4]);
}

TEST_CASE("token labels: nothing that a terminal obeys, hides or breaks a line for is left") {
  CHECK(token_label(" the") == "·the");
  CHECK(token_label("a\n\tb") == "a↵⇥b");
  CHECK(token_label("\x1B[31m") == "\\x1B[31m");
  CHECK(token_label("a\u202Eb\u009Bc\u200B") == "a\\u202Eb\\u009Bc\\u200B");
  CHECK(token_label("\xFF") == "\uFFFD");
  CHECK(columns_of("日本") == 4);
  CHECK(columns_of("e\u0301") == 1);
  CHECK(columns_of("😀") == 2);
  CHECK(shortened("attention", 6) == "atten…");
  CHECK(shortened("日本語", 5) == "日本…");
  CHECK(shortened("abc", 3) == "abc");
}

TEST_CASE("heat colours: lightness changes evenly, down on light and up on dark") {
  for (const Background background : {Background::light, Background::dark}) {
    const float first = lightness_of(heat_color(0, background)), last = lightness_of(heat_color(1, background));
    CHECK((background == Background::light ? first - last : last - first) > 0.6f);
    for (int i = 0; i <= 100; ++i) {
      const float value = static_cast<float>(i) / 100;
      const float expected = first + (last - first) * value;
      CHECK(lightness_of(heat_color(value, background)) == doctest::Approx(expected).epsilon(0.02));
    }
  }
  CHECK(nearest_in_palette({255, 255, 255}) == 231);
  CHECK(nearest_in_palette({95, 135, 175}) == 67);
  const HeatScale scale{0.5f, true};
  CHECK(scale(0.125f) == 0.5f);
  CHECK(scale.weight_at(0.5f) == 0.125f);
}

}  // namespace attn
