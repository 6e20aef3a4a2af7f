#include "inspection/attention_arrays.h"

#include <algorithm>

namespace attn {

std::string attention_npy(const AttentionSelection& selection, AttentionKind kind,
                          std::span<const AttentionRecord> records) {
  std::vector<float> values;
  std::int64_t layers = 0, heads = 0, queries = 0, keys = 0;
  for (const AttentionRecord& record : records) {
    if (record.kind != kind || !selection.has(record)) continue;
    ++layers;
    heads = 0;
    queries = record.queries;
    keys = record.keys;
    for (int head = 0; head < record.heads; ++head) {
      if (!selection.has_head(head)) continue;
      ++heads;
      const auto begin = record.weights.begin() + head * queries * keys;
      values.insert(values.end(), begin, begin + queries * keys);
    }
  }
  const std::int64_t shape[] = {layers, heads, queries, keys};
  return npy_floats(shape, values);
}

void AttentionArchive::add(int text, const TracedText& traced) {
  const std::string prefix = "text" + std::to_string(text) + "_";
  for (const AttentionKind kind : {AttentionKind::encoder, AttentionKind::decoder, AttentionKind::cross}) {
    const bool present = std::any_of(traced.records.begin(), traced.records.end(), [&](const AttentionRecord& record) {
      return record.kind == kind && selection_.has(record);
    });
    if (present) archive_.add(prefix + std::string(name_of(kind)), attention_npy(selection_, kind, traced.records));
  }
  if (traced.source_tokens.empty() || traced.target_tokens.empty()) {
    const bool source = !traced.source_tokens.empty();
    archive_.add(prefix + "tokens", npy_strings(source ? traced.source_tokens : traced.target_tokens));
  } else {
    archive_.add(prefix + "source_tokens", npy_strings(traced.source_tokens));
    archive_.add(prefix + "target_tokens", npy_strings(traced.target_tokens));
  }
}

}  // namespace attn
