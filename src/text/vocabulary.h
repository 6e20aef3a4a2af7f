#pragma once
// Names of tokens and their ids, both ways, compactly: one block of bytes and an open-addressing table.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace attn {

/// 64-bit hash of bytes, the same on every machine and run.
std::uint64_t hash_bytes(std::string_view bytes);

class Vocabulary {
 public:
  /// Gives `name` this id. Throws Error if the name has one already or the id has a name.
  void add(std::string_view name, std::int32_t id);
  std::optional<std::int32_t> find(std::string_view name) const;
  /// The name of an id; empty for ids without one.
  std::string_view name(std::int32_t id) const;
  bool contains(std::int32_t id) const;
  /// Largest id + 1.
  int size() const { return static_cast<int>(entries_.size()); }

 private:
  struct Entry {
    std::uint32_t begin = 0, length = 0;
    bool used = false;
  };
  std::size_t slot_of(std::string_view name) const;
  void grow();

  std::string bytes_;
  std::vector<Entry> entries_;       // by id
  std::vector<std::int32_t> slots_;  // ids, -1 where empty; a power of two of them
  std::size_t used_ = 0;
};

}  // namespace attn
