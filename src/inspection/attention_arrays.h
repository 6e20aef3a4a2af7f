#pragma once
// Attention weights as NumPy arrays, float32 (layer, head, query, key).

#include <span>
#include <string>
#include <vector>

#include "autograd/trace.h"
#include "inspection/attention_table.h"
#include "inspection/npy.h"

namespace attn {

/// The .npy file of one text and kind: the selected layers and heads of these records, all with the same queries and
/// keys. Selections of single weights (top, min_weight, masked) do not apply.
std::string attention_npy(const AttentionSelection& selection, AttentionKind kind,
                          std::span<const AttentionRecord> records);

/// An .npz archive of many texts: arrays `textN_decoder` (or _encoder, _cross) and the tokens of their queries and
/// keys, `textN_tokens` where these are the same, else `textN_query_tokens` and `textN_key_tokens`.
class AttentionArchive {
 public:
  AttentionArchive(AttentionSelection selection, Sink sink)
      : selection_(std::move(selection)), archive_(std::move(sink)) {}

  /// Adds one kind of attention of the text of that number.
  void add(int text, AttentionKind kind, std::span<const AttentionRecord> records,
           std::span<const std::string> query_tokens, std::span<const std::string> key_tokens);
  void finish() { archive_.finish(); }

 private:
  AttentionSelection selection_;
  NpzWriter archive_;
};

}  // namespace attn
