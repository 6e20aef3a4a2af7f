#pragma once
// The steps that several topics, and trained models, have in common.

#include "inspection/explain/math.h"

namespace attn {

/// What the steps of one head are called.
struct HeadNames {
  std::vector<std::string> queries, keys;  // tokens (T), (S)
  std::string suffix = {};                 // behind every matrix's name and variable: "_1" of head 1
};

/// Similarities, scaling, mask, softmax and the mix of values of one head: a step each. Reads the script's Q, K, V
/// with the suffix, and defines S, A and O.
void add_attention_steps(Explanation& explanation, const ComposedAttention& head, const HeadNames& names,
                         std::int64_t d_head, bool causal);

/// The steps from vectors to queries, keys and values.
void add_input_step(Explanation& explanation, const TokenVectors& vectors);
void add_weight_step(Explanation& explanation, const HeadWeights& weights);
void add_qkv_step(Explanation& explanation, const MultiHead& attention, const TokenVectors& asking,
                  const TokenVectors& asked, std::string_view asking_variable, std::string_view asked_variable);

/// Names of the columns that heads side by side have: "q0", or of several heads "0:q0", "0:q1", "1:q0", …
std::vector<std::string> head_columns(std::string_view letter, std::int64_t width, std::int64_t heads);

/// Everything of an explanation that follows from the case once its weights have been asked for.
void describe_case(Explanation& explanation, const ExplainCase& example);

/// -∞ above the diagonal, else 0: (T, T).
Matrix causal_mask(std::int64_t count);

}  // namespace attn
