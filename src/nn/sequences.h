#pragma once
// A batch's real tokens, one sequence after the other; there is no padding anywhere.

#include <cstdint>

namespace attn {

struct Sequences {
  std::int64_t count = 0;                   // B
  const std::int32_t* starts = nullptr;     // (B + 1): sequence b is rows starts[b] … starts[b+1]-1
  const std::int32_t* lengths = nullptr;    // (B)
  const std::int32_t* positions = nullptr;  // (N): of every token within its text

  std::int64_t tokens() const { return starts[count]; }  // N
};

}  // namespace attn
