#pragma once
// Attention made up for tests of pictures: weights that are no round numbers, each query's sum to 1.

#include <cmath>
#include <string>
#include <vector>

#include "autograd/trace.h"
#include "base/random.h"

namespace attn {

inline AttentionRecord random_attention(AttentionKind kind, int layer, int heads, int queries, int keys) {
  AttentionRecord record;
  record.kind = kind;
  record.layer = layer;
  record.heads = heads;
  record.queries = queries;
  record.keys = keys;
  record.causal = kind == AttentionKind::decoder;
  const RandomStream random(static_cast<std::uint64_t>(7 + layer), RandomPurpose::data);
  std::uint64_t counter = 0;
  for (int row = 0; row < heads * queries; ++row) {
    const int visible = record.causal ? keys - queries + row % queries + 1 : keys;
    std::vector<float> exponentials;
    float sum = 0;
    for (int key = 0; key < visible; ++key) {
      exponentials.push_back(std::exp(2 * static_cast<float>(random.normal(counter++))));
      sum += exponentials.back();
    }
    for (int key = 0; key < keys; ++key) {
      record.weights.push_back(key < visible ? exponentials[static_cast<std::size_t>(key)] / sum : 0);
    }
  }
  return record;
}

/// Tokens "0", "1", …
inline std::vector<std::string> numbered_tokens(int count) {
  std::vector<std::string> tokens;
  for (int i = 0; i < count; ++i) tokens.push_back(std::to_string(i));
  return tokens;
}

}  // namespace attn
