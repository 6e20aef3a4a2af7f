#pragma once
// Examples of several fields of token ids (source and target, label and text, …) on disk, read by position, so that
// the data may be larger than memory. Two files: PATH holds all ids, example after example and field after field, as a
// TokenFile; PATH.lengths holds 32-bit integers in the machine's byte order: the number of fields, then the length of
// each field of each example.

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "text/token_file.h"

namespace attn {

class ExampleFileWriter {
 public:
  /// Every id of any field is below `vocabulary`.
  ExampleFileWriter(const std::string& path, int fields, int vocabulary);

  /// Throws Error if this is not the number of fields.
  void add(std::span<const std::vector<std::int32_t>> fields);
  /// Completes both files. Without it nothing remains.
  void commit();
  std::int64_t size() const { return examples_; }

 private:
  TokenFileWriter ids_;
  AtomicFile lengths_;
  std::size_t fields_;
  std::int64_t examples_ = 0;
};

/// Memory: 8 bytes an example and 4 a field of one. Letters: E examples, F fields.
class ExampleFile {
 public:
  /// Throws Error if a file is missing, or the two do not belong together.
  ExampleFile(const std::string& path, int vocabulary);

  /// Number of examples, E.
  std::int64_t size() const { return static_cast<std::int64_t>(begins_.size()) - 1; }
  /// Fields of each example, F.
  int fields() const { return fields_; }
  std::int64_t length(std::int64_t example, int field) const { return lengths_[index(example, field)]; }
  /// Tokens of all fields of an example.
  std::int64_t tokens(std::int64_t example) const;
  /// Tokens of a field of all examples, and of all fields.
  std::int64_t total(int field) const { return totals_[static_cast<std::size_t>(field)]; }
  std::int64_t total() const { return begins_.back(); }
  /// Length of the longest field of this number.
  std::int64_t longest(int field) const { return longest_[static_cast<std::size_t>(field)]; }

  /// The ids of a field into out (length). Allocates nothing. Throws Error if an id is outside the vocabulary.
  void read(std::int64_t example, int field, std::int32_t* out) const;
  /// The ids of all fields, one after the other, into out (tokens).
  void read(std::int64_t example, std::int32_t* out) const;

 private:
  std::size_t index(std::int64_t example, int field) const {
    return static_cast<std::size_t>(example * fields_ + field);
  }

  TokenFile ids_;
  int fields_ = 0;
  std::vector<std::uint32_t> lengths_;          // (E·F)
  std::vector<std::int64_t> begins_;            // (E + 1): where each example's ids begin
  std::vector<std::int64_t> totals_, longest_;  // (F)
};

}  // namespace attn
