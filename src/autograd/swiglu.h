#pragma once
// The gated activation of LLaMA's feed-forward layer (Shazeer 2020, "GLU Variants Improve Transformer").

#include "autograd/context.h"

namespace attn {

/// gate_up (N, 2F), the gate in the first F columns → silu(gate)∘up (N, F).
Tensor swiglu(Context& context, Tensor gate_up);

}  // namespace attn
