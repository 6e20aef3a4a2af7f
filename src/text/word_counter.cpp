#include "text/word_counter.h"

#include <algorithm>
#include <numeric>

#include "text/vocabulary.h"

namespace attn {

void WordCounter::rebuild_slots(std::size_t size) {
  slots_.assign(size, Slot{});
  const std::size_t mask = size - 1;
  for (std::size_t i = 0; i < entries_.size(); ++i) {
    const std::uint64_t hash = hash_bytes(word(i));
    std::size_t slot = hash & mask;
    while (slots_[slot].index != 0) slot = (slot + 1) & mask;
    slots_[slot] = {static_cast<std::uint32_t>(hash >> 32), static_cast<std::uint32_t>(i + 1)};
  }
}

void WordCounter::add(std::string_view added) {
  if (entries_.size() >= most_words_ || bytes_.size() + added.size() > most_bytes_) prune();
  if (2 * (entries_.size() + 1) > slots_.size()) rebuild_slots(std::max<std::size_t>(1024, 2 * slots_.size()));
  const std::uint64_t hash = hash_bytes(added);
  const auto tag = static_cast<std::uint32_t>(hash >> 32);
  const std::size_t mask = slots_.size() - 1;
  std::size_t slot = hash & mask;
  for (; slots_[slot].index != 0; slot = (slot + 1) & mask) {
    const std::size_t index = slots_[slot].index - 1;
    if (slots_[slot].tag == tag && word(index) == added) {
      ++entries_[index].count;
      return;
    }
  }
  entries_.push_back({static_cast<std::uint32_t>(bytes_.size()), static_cast<std::uint32_t>(added.size()), 1});
  bytes_ += added;
  slots_[slot] = {tag, static_cast<std::uint32_t>(entries_.size())};
}

void WordCounter::prune() {
  std::vector<std::uint32_t> order(entries_.size());
  std::iota(order.begin(), order.end(), 0u);
  std::sort(order.begin(), order.end(), [this](std::uint32_t a, std::uint32_t b) {
    if (entries_[a].count != entries_[b].count) return entries_[a].count > entries_[b].count;
    return hash_bytes(word(a)) < hash_bytes(word(b));
  });
  std::size_t kept = 0;
  std::size_t kept_bytes = 0;
  while (kept < order.size() && 2 * kept < most_words_) {
    kept_bytes += entries_[order[kept]].length;
    if (2 * kept_bytes > most_bytes_) break;
    ++kept;
  }
  order.resize(kept);
  std::sort(order.begin(), order.end());
  std::string bytes;
  bytes.reserve(bytes_.capacity());
  std::vector<Entry> entries;
  entries.reserve(entries_.capacity());
  for (const std::uint32_t index : order) {
    entries.push_back({static_cast<std::uint32_t>(bytes.size()), entries_[index].length, entries_[index].count});
    bytes += word(index);
  }
  bytes_ = std::move(bytes);
  entries_ = std::move(entries);
  rebuild_slots(slots_.size());
}

}  // namespace attn
