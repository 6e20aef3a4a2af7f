#pragma once
// Line data tokenised once into an example file; the task says how.

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "text/line_corpus.h"

namespace attn {

/// A line as ids, one vector a field of the example file, which a task makes from the line's columns.
struct EncodedLine {
  std::vector<std::vector<std::int32_t>> fields;
  bool cut = false;  // was longer than it may be
};
using EncodeLine = std::function<void(const std::vector<std::string>& columns, EncodedLine& line)>;

/// Where a part's examples go, and what may be in them.
struct LineTarget {
  std::string path;
  int fields = 2;
  int vocabulary = 0;                           // every id is below it
  std::optional<std::int32_t> unknown_id = {};  // counted
};

/// Numbers of one part.
struct LineCounts {
  std::int64_t lines = 0;
  std::int64_t cut = 0;
  std::int64_t unknown = 0;
  std::vector<std::int64_t> characters;  // of each wanted column
  std::vector<std::int64_t> tokens;      // of each field
};

/// Writes one part as an example file. What `encode` throws gets `file:line` before it.
LineCounts write_examples(const LineCorpus& corpus, CorpusPart part, const LineTarget& target,
                          const EncodeLine& encode);

}  // namespace attn
