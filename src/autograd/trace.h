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
  // Empty unless asked for; queries and keys as they are multiplied, after rotary positions.
  std::vector<float> query;       // (T, H·D)
  std::vector<float> key, value;  // (S, H_kv·D)
  std::vector<float> output;      // (T, H·D): the heads' results, before the output projection
  int kv_heads = 0;               // H_kv
  int d_head = 0;                 // D
};

/// The residual stream in front of the first layer (layer -1) and behind each one.
struct StateRecord {
  AttentionKind stack = AttentionKind::decoder;  // encoder or decoder
  int layer = -1;
  std::vector<float> residual;  // (N, C)
  std::vector<float> normed;    // (N, C): what the model's head would read if this were the last layer
};

/// Filled by every attention of a pass whose context points to it, in the order of execution.
struct AttentionTrace {
  bool with_scores = false;
  bool with_heads = false;   // query, key, value and output
  bool with_states = false;  // the residual stream
  std::vector<AttentionRecord> records;
  std::vector<StateRecord> states;
};

}  // namespace attn
