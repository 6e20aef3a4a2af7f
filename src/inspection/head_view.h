#pragma once
// What pictures of attention are drawn from: one text's records with the names of its tokens, and single heads of them.

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "autograd/trace.h"
#include "inspection/attention_table.h"

namespace attn {

/// The attention of one text.
struct TracedText {
  std::vector<AttentionRecord> records;
  std::vector<std::string> source_tokens;  // what an encoder reads
  std::vector<std::string> target_tokens;  // what a decoder reads

  std::span<const std::string> query_tokens(AttentionKind kind) const;
  std::span<const std::string> key_tokens(AttentionKind kind) const;
};

/// One head of one record; refers to the text that it was taken from.
struct HeadView {
  const AttentionRecord* record = nullptr;
  int head = 0;
  std::span<const std::string> query_tokens;  // (T)
  std::span<const std::string> key_tokens;    // (S)

  int queries() const { return record->queries; }
  int keys() const { return record->keys; }
  float weight(int query, int key) const;
  /// Whether the mask lets the query see the key.
  bool visible(int query, int key) const { return is_visible(*record, query, key); }
  /// The largest weight of these queries to these keys that the mask lets through; nothing if it forbids them all.
  std::optional<float> largest(int first_query, int end_query, int first_key, int end_key) const;
  /// "decoder attention, layer 0, head 3".
  std::string title() const;
};

/// The heads that the selection's kinds, layers and heads leave, sorted by kind (encoder, decoder, cross), then layer,
/// then head. Records without queries or keys are left out.
std::vector<HeadView> select_heads(const TracedText& text, const AttentionSelection& selection);

/// Where part `part` of `parts` begins when `count` tokens share them evenly.
inline int share_begin(int part, int parts, int count) {
  return static_cast<int>(static_cast<std::int64_t>(part) * count / parts);
}

/// A picture of many heads groups them so: one kind, a row a layer. Takes what select_heads() gives.
std::vector<std::span<const HeadView>> group_by_layer(std::span<const HeadView> heads);

}  // namespace attn
