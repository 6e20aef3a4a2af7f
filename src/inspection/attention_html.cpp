#include "inspection/attention_html.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>

#include "base/error.h"
#include "base/json.h"
#include "inspection/attention_frame.h"
#include "inspection/page_parts.h"

namespace attn {

namespace {

/// Appends the bytes of an unsigned number, the lowest first, as JavaScript's typed arrays read them.
template <class Unsigned>
void append_bytes(std::string& out, Unsigned value) {
  for (std::size_t i = 0; i < sizeof(Unsigned); ++i) out += static_cast<char>(value >> (8 * i) & 255);
}

}  // namespace

AttentionPage::AttentionPage(std::string_view about, AttentionSelection selection, Sink sink)
    : selection_(std::move(selection)), sink_(std::move(sink)) {
  sink_(attention_page_begin("Attention", about));
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
  sink_(attention_page_end({{"begin();\n"}}));
}

}  // namespace attn
