#pragma once
// Counts words in bounded memory.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace attn {

/// When there are too many different words, the rarer half is forgotten; of equally rare ones those with the larger
/// hash. So counts of words that were once forgotten are too low, but frequent words are exact.
class WordCounter {
 public:
  explicit WordCounter(std::size_t most_words = std::size_t{1} << 18, std::size_t most_bytes = std::size_t{1} << 23)
      : most_words_(most_words), most_bytes_(most_bytes) {}

  void add(std::string_view word);

  std::size_t size() const { return entries_.size(); }
  std::string_view word(std::size_t index) const {
    return std::string_view(bytes_).substr(entries_[index].begin, entries_[index].length);
  }
  std::int64_t count(std::size_t index) const { return entries_[index].count; }

 private:
  struct Entry {
    std::uint32_t begin, length;
    std::int64_t count;
  };
  struct Slot {
    std::uint32_t tag = 0;    // upper half of the word's hash
    std::uint32_t index = 0;  // of the entry, plus 1; 0: empty
  };
  void prune();
  void rebuild_slots(std::size_t size);

  std::size_t most_words_, most_bytes_;
  std::string bytes_;
  std::vector<Entry> entries_;
  std::vector<Slot> slots_;  // open addressing, a power of two
};

}  // namespace attn
