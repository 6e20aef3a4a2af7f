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

void AttentionArchive::add(int text, AttentionKind kind, std::span<const AttentionRecord> records,
                           std::span<const std::string> query_tokens, std::span<const std::string> key_tokens) {
  const std::string prefix = "text" + std::to_string(text) + "_";
  archive_.add(prefix + std::string(name_of(kind)), attention_npy(selection_, kind, records));
  if (std::equal(query_tokens.begin(), query_tokens.end(), key_tokens.begin(), key_tokens.end())) {
    archive_.add(prefix + "tokens", npy_strings(query_tokens));
  } else {
    archive_.add(prefix + "query_tokens", npy_strings(query_tokens));
    archive_.add(prefix + "key_tokens", npy_strings(key_tokens));
  }
}

}  // namespace attn
