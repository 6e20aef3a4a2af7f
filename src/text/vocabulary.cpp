#include "text/vocabulary.h"

#include <cstring>

#include "base/error.h"
#include "base/random.h"

namespace attn {

std::uint64_t hash_bytes(std::string_view bytes) {
  std::uint64_t hash = bytes.size() * 0x9E3779B97F4A7C15u;
  std::size_t i = 0;
  for (; i + 8 <= bytes.size(); i += 8) {
    std::uint64_t word;
    std::memcpy(&word, bytes.data() + i, 8);
    hash = mix64(hash ^ word);
  }
  std::uint64_t rest = 0;
  for (int shift = 0; i < bytes.size(); ++i, shift += 8) {
    rest |= static_cast<std::uint64_t>(static_cast<unsigned char>(bytes[i])) << shift;
  }
  return mix64(hash ^ rest);
}

std::size_t Vocabulary::slot_of(std::string_view text) const {
  std::size_t slot = hash_bytes(text) & (slots_.size() - 1);
  while (slots_[slot] >= 0 && name(slots_[slot]) != text) slot = (slot + 1) & (slots_.size() - 1);
  return slot;
}

void Vocabulary::grow() {
  slots_.assign(slots_.empty() ? 1024 : slots_.size() * 2, -1);
  for (std::size_t id = 0; id < entries_.size(); ++id) {
    if (entries_[id].used) slots_[slot_of(name(static_cast<std::int32_t>(id)))] = static_cast<std::int32_t>(id);
  }
}

void Vocabulary::add(std::string_view text, std::int32_t id) {
  constexpr std::int32_t kMaxId = 1 << 24;
  if (id < 0 || id > kMaxId) fail("the id ", id, " of token \"", text, "\" is not between 0 and ", kMaxId);
  if (contains(id)) fail("the id ", id, " belongs to two tokens, \"", name(id), "\" and \"", text, "\"");
  if (2 * (used_ + 1) > slots_.size()) grow();
  const std::size_t slot = slot_of(text);
  if (slots_[slot] >= 0) fail("the token \"", text, "\" has two ids, ", slots_[slot], " and ", id);
  const auto index = static_cast<std::size_t>(id);
  if (index >= entries_.size()) entries_.resize(index + 1);
  entries_[index] = {static_cast<std::uint32_t>(bytes_.size()), static_cast<std::uint32_t>(text.size()), true};
  bytes_ += text;
  slots_[slot] = id;
  ++used_;
}

std::optional<std::int32_t> Vocabulary::find(std::string_view text) const {
  if (slots_.empty()) return std::nullopt;
  const std::int32_t id = slots_[slot_of(text)];
  if (id < 0) return std::nullopt;
  return id;
}

bool Vocabulary::contains(std::int32_t id) const {
  return id >= 0 && static_cast<std::size_t>(id) < entries_.size() && entries_[static_cast<std::size_t>(id)].used;
}

std::string_view Vocabulary::name(std::int32_t id) const {
  if (!contains(id)) return {};
  const Entry& entry = entries_[static_cast<std::size_t>(id)];
  return std::string_view(bytes_).substr(entry.begin, entry.length);
}

}  // namespace attn
