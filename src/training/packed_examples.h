#pragma once
// Examples as the models read them: their tokens one after the other, in arrays of the arena.

#include <cstdint>
#include <span>

#include "base/arena.h"
#include "nn/sequences.h"
#include "text/example_file.h"
#include "training/task.h"

namespace attn {

/// Sequences of the given lengths (count) one after the other, each at positions from 0; the arrays come from the arena.
Sequences make_sequences(Arena& arena, const std::int64_t* lengths, std::int64_t count);

/// One field of some examples.
struct PackedField {
  Sequences sequences;          // B: the examples
  std::int32_t* ids = nullptr;  // (N)

  TokenBatch batch() const { return {sequences, ids}; }
};

PackedField pack_field(Arena& arena, const ExampleFile& file, std::span<const std::int64_t> examples, int field);

/// The examples of one part of a batch.
inline std::span<const std::int64_t> share_of(std::span<const std::int64_t> examples, const BatchPart& part) {
  const auto count = static_cast<std::int64_t>(examples.size());
  return examples.subspan(static_cast<std::size_t>(part.begin(count)),
                          static_cast<std::size_t>(part.end(count) - part.begin(count)));
}

/// Tokens that this field has in all of these examples.
std::int64_t count_tokens(const ExampleFile& file, std::span<const std::int64_t> examples, int field);

}  // namespace attn
