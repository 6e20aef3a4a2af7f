#pragma once
// The mean of each sequence's rows: a text's vector from its tokens' states.

#include <cstdint>

#include "autograd/context.h"

namespace attn {

/// x (N, C), starts (count + 1): sequence b is rows starts[b] … starts[b+1]-1, at least one → (count, C). `starts` lives
/// as long as the tape. Throws Error if a sequence is empty or the last does not end with x.
Tensor mean_rows(Context& context, Tensor x, const std::int32_t* starts, std::int64_t count);

}  // namespace attn
