#pragma once
// Which examples form which batch: an epoch is a permutation of all examples, cut into a fixed number of batches, so
// that every batch is found from its number alone and resuming needs no state. Nothing is padded, so examples of
// different lengths may stand in one batch.

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "text/example_file.h"

namespace attn {

/// Exactly one of the first two is above 0.
struct BatchOptions {
  std::int64_t examples = 0;               // of a batch; the last one of an epoch may be smaller
  std::int64_t tokens = 0;                 // of a batch, all fields counted, on average at most
  std::optional<std::uint64_t> seed = {};  // a new order each epoch; without it the order of the file
};

/// An epoch has n = ceil(E / examples) or ceil(total tokens / tokens) batches, at most E. With a token budget batch i
/// holds the examples that begin in [i·total/n, (i + 1)·total/n) when all are laid end to end in the epoch's order; a
/// batch in whose range no example begins, as one is longer, takes the next one instead, so that none is empty.
/// Memory: 8 bytes an example.
class ExampleBatches {
 public:
  /// `file` outlives this and holds an example at least; else throws Error.
  ExampleBatches(const ExampleFile& file, const BatchOptions& options);

  std::int64_t batches_per_epoch() const { return static_cast<std::int64_t>(begins_.size()) - 1; }
  /// The examples of a batch, numbered from 0 over all epochs: batch 0 … n - 1 are the first epoch. Valid until the next
  /// call. Another epoch than the last call's costs a shuffle of all examples; nothing is allocated.
  std::span<const std::int64_t> batch(std::int64_t number);

 private:
  void shuffle(std::int64_t epoch);
  void cut();

  const ExampleFile& file_;
  BatchOptions options_;
  std::int64_t epoch_ = 0;            // whose order this is
  std::vector<std::int64_t> order_;   // (E)
  std::vector<std::int64_t> begins_;  // (n + 1): places in order_ where the batches begin
};

}  // namespace attn
