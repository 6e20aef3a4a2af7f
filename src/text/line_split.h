#pragma once
// Which lines are held out for validation: those whose hash is lowest, so that equal lines stay together and neither
// their order nor a seed matters.

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace attn {

class LineSplit {
 public:
  /// Counts a line in. Memory: 8 bytes a line, until finish().
  void add(std::string_view line) { hashes_.push_back(hash_of(line)); }
  /// Settles what is held out: this fraction of the lines; nothing: 5 %. At least one, unless the fraction is 0.
  void finish(std::optional<double> fraction);

  bool holds_out(std::string_view line) const { return hash_of(line) < below_; }
  /// Nothing is held out: there were fewer than 20 lines, or too many equal ones.
  bool is_empty() const { return below_ == 0; }

 private:
  static std::uint64_t hash_of(std::string_view line);

  std::vector<std::uint64_t> hashes_;
  std::uint64_t below_ = 0;
};

}  // namespace attn
