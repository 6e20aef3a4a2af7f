#pragma once
// What a pass records about its attention when somebody wants to see it; plain data.

#include <vector>

namespace attn {

enum class AttentionKind { encoder, decoder, cross };

/// The weights of one layer for one sequence of the batch.
struct AttentionRecord {
  AttentionKind kind = AttentionKind::decoder;
  int layer = 0;
  int sequence = 0;  // index in the batch
  int heads = 0;     // H
  int queries = 0;   // T
  int keys = 0;      // S
  bool causal = false;
  std::vector<float> weights;  // (H, T, S), before dropout; masked pairs are 0
  std::vector<float> scores;   // (H, T, S): scaled, unmasked; empty unless asked for
};

/// Filled by every attention of a pass whose context points to it, in the order of execution.
struct AttentionTrace {
  bool with_scores = false;
  std::vector<AttentionRecord> records;
};

}  // namespace attn
