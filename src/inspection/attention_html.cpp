#include "inspection/attention_html.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>

#include "base/error.h"
#include "base/json.h"
#include "inspection/heat_colors.h"
#include "inspection/markup.h"
#include "inspection/page_parts.h"

namespace attn {

namespace {

constexpr std::string_view kStyle =
#include "inspection/page/style.css.inc"
    ;
constexpr std::string_view kBody =
#include "inspection/page/body.html.inc"
    ;
// One script; its parts share their names.
constexpr std::string_view kScript[] = {
#include "inspection/page/data.js.inc"
    ,
#include "inspection/page/lines.js.inc"
    ,
#include "inspection/page/matrix.js.inc"
    ,
#include "inspection/page/page.js.inc"
};

/// Appends the bytes of an unsigned number, the lowest first, as JavaScript's typed arrays read them.
template <class Unsigned>
void append_bytes(std::string& out, Unsigned value) {
  for (std::size_t i = 0; i < sizeof(Unsigned); ++i) out += static_cast<char>(value >> (8 * i) & 255);
}

}  // namespace

std::string base64(std::string_view bytes) {
  static constexpr std::string_view kLetters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  out.reserve((bytes.size() + 2) / 3 * 4);
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    const std::size_t count = std::min<std::size_t>(3, bytes.size() - i);
    std::uint32_t group = 0;
    for (std::size_t j = 0; j < 3; ++j) {
      group = group << 8 | (j < count ? static_cast<unsigned char>(bytes[i + j]) : 0u);
    }
    for (std::size_t j = 0; j < 4; ++j) out += j <= count ? kLetters[group >> (18 - 6 * j) & 63] : '=';
  }
  return out;
}

AttentionPage::AttentionPage(std::string_view about, AttentionSelection selection, Sink sink)
    : selection_(std::move(selection)), sink_(std::move(sink)) {
  const Json colors =
      Json::object().set("light", heat_palette(Background::light)).set("dark", heat_palette(Background::dark));
  sink_(
      concat("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
             "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
             // Nothing is ever asked for from elsewhere; the icon keeps browsers from trying.
             "<link rel=\"icon\" href=\"data:,\">\n<title>Attention: ",
             escape_markup(about), "</title>\n<style>", kStyle, "</style>\n</head>\n<body>", kBody,
             "<script type=\"application/json\" id=\"model\">"));
  sink_(concat(script_json(Json(about)), "</script>\n<script type=\"application/json\" id=\"colors\">",
               script_json(colors), "</script>\n"));
}

void AttentionPage::add(std::string_view name, const TracedText& text) {
  const std::vector<HeadView> heads = select_heads(text, selection_);
  if (heads.empty()) return;
  Json records = Json::array();
  for (const std::span<const HeadView> layer : group_by_layer(heads)) {
    const AttentionRecord& record = *layer[0].record;
    Json numbers = Json::array();
    for (const HeadView& head : layer) numbers.push_back(head.head);
    int bits = 0;
    const std::string id = concat("w", records_++);
    sink_(concat("<script type=\"text/plain\" id=\"", id, "\">"));
    sink_(write_weights(layer, bits));
    sink_("</script>\n");
    Json entry = Json::object();
    entry.set("kind", name_of(record.kind)).set("layer", record.layer).set("heads", std::move(numbers));
    entry.set("queries", record.queries).set("keys", record.keys).set("causal", record.causal);
    records.push_back(std::move(entry.set("id", id).set("bits", bits)));
  }
  Json entry = Json::object();
  entry.set("name", name).set("source", label_array(text.source_tokens)).set("target", label_array(text.target_tokens));
  entry.set("records", std::move(records));
  sink_(concat("<script type=\"application/json\" class=\"text\">", script_json(entry), "</script>\n"));
  ++texts_;
}

std::string AttentionPage::write_weights(std::span<const HeadView> heads, int& bits) {
  const HeadView& first = heads[0];
  const std::size_t all =
      heads.size() * static_cast<std::size_t>(first.queries()) * static_cast<std::size_t>(first.keys());
  const bool exact = all <= kExactWeights;
  bits = exact ? 32 : 16;
  std::string bytes;
  for (const HeadView& head : heads) {
    for (int query = 0; query < head.queries(); ++query) {
      for (int key = 0; key < head.keys() && head.visible(query, key); ++key) {
        const float weight = head.weight(query, key);
        if (exact) {
          append_bytes(bytes, std::bit_cast<std::uint32_t>(weight));
        } else {
          append_bytes(bytes, static_cast<std::uint16_t>(std::lround(std::min(weight, 1.0f) * 65535)));
        }
      }
    }
  }
  return base64(bytes);
}

void AttentionPage::finish() {
  if (texts_ == 0) fail("there is no attention to show: the texts have no tokens");
  sink_("<script>\n\"use strict\";\n(() => {\n");
  for (const std::string_view part : kScript) sink_(part);
  sink_("})();\n</script>\n</body>\n</html>\n");
}

}  // namespace attn
