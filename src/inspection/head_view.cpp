#include "inspection/head_view.h"

#include <algorithm>
#include <tuple>

#include "base/error.h"

namespace attn {

std::span<const std::string> TracedText::query_tokens(AttentionKind kind) const {
  return kind == AttentionKind::encoder ? source_tokens : target_tokens;
}

std::span<const std::string> TracedText::key_tokens(AttentionKind kind) const {
  return kind == AttentionKind::decoder ? target_tokens : source_tokens;
}

float HeadView::weight(int query, int key) const {
  const auto row =
      static_cast<std::size_t>(head) * static_cast<std::size_t>(record->queries) + static_cast<std::size_t>(query);
  return record->weights[row * static_cast<std::size_t>(record->keys) + static_cast<std::size_t>(key)];
}

std::optional<float> HeadView::largest(int first_query, int end_query, int first_key, int end_key) const {
  std::optional<float> result;
  for (int query = first_query; query < end_query; ++query) {
    for (int key = first_key; key < end_key && visible(query, key); ++key) {
      result = std::max(result.value_or(0), weight(query, key));
    }
  }
  return result;
}

std::string HeadView::title() const {
  return concat(name_of(record->kind), " attention, layer ", record->layer, ", head ", head);
}

std::vector<HeadView> select_heads(const TracedText& text, const AttentionSelection& selection) {
  std::vector<HeadView> heads;
  for (const AttentionRecord& record : text.records) {
    if (!selection.has(record) || record.queries == 0 || record.keys == 0) continue;
    for (int head = 0; head < record.heads; ++head) {
      if (!selection.has_head(head)) continue;
      heads.push_back({&record, head, text.query_tokens(record.kind), text.key_tokens(record.kind)});
    }
  }
  const auto place = [](const HeadView& view) { return std::tuple(view.record->kind, view.record->layer, view.head); };
  std::stable_sort(heads.begin(), heads.end(),
                   [&](const HeadView& a, const HeadView& b) { return place(a) < place(b); });
  return heads;
}

std::vector<std::span<const HeadView>> group_by_layer(std::span<const HeadView> heads) {
  std::vector<std::span<const HeadView>> rows;
  for (std::size_t begin = 0; begin < heads.size();) {
    std::size_t end = begin;
    while (end < heads.size() && heads[end].record == heads[begin].record) ++end;
    rows.push_back(heads.subspan(begin, end - begin));
    begin = end;
  }
  return rows;
}

}  // namespace attn
