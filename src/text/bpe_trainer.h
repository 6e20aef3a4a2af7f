#pragma once
// Learns the merges of byte pair encoding from counted words.

#include <string>
#include <utility>
#include <vector>

#include "text/word_counter.h"

namespace attn {

/// Tokens as byte strings, the 256 bytes first (by value), then the results of merges; and the merged pairs, as indices.
struct LearntMerges {
  std::vector<std::string> tokens;
  std::vector<std::pair<std::int32_t, std::int32_t>> merges;
};

/// Until there are `token_count` tokens (at least 256) or no pair occurs twice. Of equally frequent pairs the
/// lexicographically greatest pair of byte strings is merged.
LearntMerges learn_merges(const WordCounter& words, std::size_t token_count);

}  // namespace attn
