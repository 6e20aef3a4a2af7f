#include <cstring>

#include "text/bpe_model.h"

namespace attn {
namespace {

constexpr std::size_t kFirstSlots = 1 << 10;
constexpr std::size_t kMostSlots = 1 << 16;
constexpr std::size_t kMostBytes = 1 << 20;

std::uint32_t tag_of(std::uint64_t hash) {
  return static_cast<std::uint32_t>(hash >> 32);
}

}  // namespace

std::span<const std::int32_t> PieceCache::find(std::string_view piece, std::uint64_t hash) const {
  if (entries_.empty()) return {};
  const std::size_t mask = entries_.size() - 1;
  for (std::size_t slot = hash & mask;; slot = (slot + 1) & mask) {
    const Entry& entry = entries_[slot];
    if (entry.id_count == 0) return {};
    if (entry.tag == tag_of(hash) && entry.byte_count == piece.size() &&
        std::memcmp(bytes_.data() + entry.bytes_begin, piece.data(), piece.size()) == 0) {
      return {ids_.data() + entry.ids_begin, entry.id_count};
    }
  }
}

void PieceCache::grow_or_clear() {
  if (bytes_.size() < kMostBytes && entries_.size() < kMostSlots) {
    const std::vector<Entry> old = std::move(entries_);
    entries_.assign(old.empty() ? kFirstSlots : old.size() * 2, Entry{});
    const std::size_t mask = entries_.size() - 1;
    for (const Entry& entry : old) {
      if (entry.id_count == 0) continue;
      std::size_t slot = hash_bytes(std::string_view(bytes_).substr(entry.bytes_begin, entry.byte_count)) & mask;
      while (entries_[slot].id_count != 0) slot = (slot + 1) & mask;
      entries_[slot] = entry;
    }
    return;
  }
  entries_.assign(entries_.size(), Entry{});
  used_ = 0;
  bytes_.clear();
  ids_.clear();
}

void PieceCache::insert(std::string_view piece, std::uint64_t hash, std::span<const PieceToken> tokens) {
  if (tokens.empty() || piece.size() > kLongestPiece) return;
  if (2 * (used_ + 1) > entries_.size() || bytes_.size() >= kMostBytes) grow_or_clear();
  const std::size_t mask = entries_.size() - 1;
  std::size_t slot = hash & mask;
  while (entries_[slot].id_count != 0) slot = (slot + 1) & mask;
  entries_[slot] = {tag_of(hash), static_cast<std::uint32_t>(bytes_.size()), static_cast<std::uint32_t>(ids_.size()),
                    static_cast<std::uint16_t>(piece.size()), static_cast<std::uint16_t>(tokens.size())};
  bytes_ += piece;
  for (const PieceToken& token : tokens) ids_.push_back(token.id);
  ++used_;
}

}  // namespace attn
