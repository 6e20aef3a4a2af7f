#pragma once
// Attention weights as NumPy arrays, float32 (layer, head, query, key).

#include <span>
#include <string>
#include <vector>

#include "autograd/trace.h"
#include "inspection/attention_table.h"
#include "inspection/head_view.h"
#include "inspection/npy.h"

namespace attn {

/// The .npy file of one text and kind: the selected layers and heads of these records, all with the same queries and
/// keys. Selections of single weights (top, min_weight, masked) do not apply.
std::string attention_npy(const AttentionSelection& selection, AttentionKind kind,
                          std::span<const AttentionRecord> records);

/// An .npz archive of many texts: arrays `textN_encoder`, `textN_decoder`, `textN_cross`, those that are selected, and
/// the tokens: `textN_tokens`, of translations `textN_source_tokens` and `textN_target_tokens`.
class AttentionArchive {
 public:
  AttentionArchive(AttentionSelection selection, Sink sink)
      : selection_(std::move(selection)), archive_(std::move(sink)) {}

  /// Adds the text of that number. Records of one kind have the same queries and keys.
  void add(int text, const TracedText& traced);
  void finish() { archive_.finish(); }

 private:
  AttentionSelection selection_;
  NpzWriter archive_;
};

}  // namespace attn
