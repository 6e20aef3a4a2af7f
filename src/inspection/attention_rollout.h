#pragma once
// Attention rollout (Abnar, Zuidema 2020): how much of each input token has reached each place after so many layers, if
// a layer passes half of what it has on and takes the other half from where its heads, on average, look.

#include <vector>

#include "autograd/trace.h"

namespace attn {

/// One record for each layer of self-attention, with a single head: R_l = (½·A_l + ½·I)·R_(l-1), R_(-1) = I, A_l the mean
/// of the layer's heads. Rows sum to 1. Records of cross-attention are left out.
std::vector<AttentionRecord> attention_rollout(const std::vector<AttentionRecord>& records);

}  // namespace attn
