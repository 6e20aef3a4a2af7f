#include "training/packed_examples.h"

namespace attn {

Sequences make_sequences(Arena& arena, const std::int64_t* lengths, std::int64_t count) {
  auto* starts = arena.array<std::int32_t>(static_cast<std::size_t>(count + 1));
  auto* short_lengths = arena.array<std::int32_t>(static_cast<std::size_t>(count));
  starts[0] = 0;
  for (std::int64_t b = 0; b < count; ++b) {
    short_lengths[b] = static_cast<std::int32_t>(lengths[b]);
    starts[b + 1] = starts[b] + short_lengths[b];
  }
  auto* positions = arena.array<std::int32_t>(static_cast<std::size_t>(starts[count]));
  for (std::int64_t b = 0; b < count; ++b) {
    for (std::int32_t t = 0; t < short_lengths[b]; ++t) positions[starts[b] + t] = t;
  }
  return {count, starts, short_lengths, positions};
}

PackedField pack_field(Arena& arena, const ExampleFile& file, std::span<const std::int64_t> examples, int field) {
  auto* lengths = arena.array<std::int64_t>(examples.size());
  for (std::size_t b = 0; b < examples.size(); ++b) lengths[b] = file.length(examples[b], field);
  const Sequences sequences = make_sequences(arena, lengths, static_cast<std::int64_t>(examples.size()));
  auto* ids = arena.array<std::int32_t>(static_cast<std::size_t>(sequences.tokens()));
  for (std::size_t b = 0; b < examples.size(); ++b) file.read(examples[b], field, ids + sequences.starts[b]);
  return {sequences, ids};
}

std::int64_t count_tokens(const ExampleFile& file, std::span<const std::int64_t> examples, int field) {
  std::int64_t tokens = 0;
  for (const std::int64_t example : examples) tokens += file.length(example, field);
  return tokens;
}

}  // namespace attn
