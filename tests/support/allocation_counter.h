#pragma once
// Counts what the test program takes from the heap.

#include <cstdint>

namespace attn {

/// Calls of any form of operator new, by any thread, since the program started.
std::int64_t allocations_so_far();

}  // namespace attn
