#pragma once
// Some rows of a tensor: the last tokens' states for generation, the masked positions of a masked language
// model.

#include <cstdint>

#include "autograd/context.h"

namespace attn {

/// x (N, C), rows (count), each in [0, N), repeats allowed → (count, C). `rows` lives as long as the tape.
Tensor select_rows(Context& context, Tensor x, const std::int32_t* rows, std::int64_t count);

}  // namespace attn
