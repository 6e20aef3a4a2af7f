#include "nn/cache.h"

#include <algorithm>
#include <numeric>

#include "base/error.h"

namespace attn {

KeyValueCache::KeyValueCache(int layers, int slots, int context, std::int64_t kv_width)
    : layers_(layers), kv_width_(kv_width) {
  restart(slots, context);
}

void KeyValueCache::restart(int slots, int context) {
  slots_ = slots;
  context_ = context;
  const auto count = static_cast<std::size_t>(slots);
  const std::size_t size = static_cast<std::size_t>(layers_) * count * static_cast<std::size_t>(context) *
                           static_cast<std::size_t>(kv_width_);
  if (size > capacity_) {
    // Not initialised: memory of tokens that never come is never touched.
    keys_ = std::make_unique_for_overwrite<float[]>(size);
    values_ = std::make_unique_for_overwrite<float[]>(size);
    capacity_ = size;
  }
  lengths_.assign(count, 0);
  places_.resize(count);
  std::iota(places_.begin(), places_.end(), 0);
  key_starts_.resize(count);
  key_lengths_.resize(count);
}

void KeyValueCache::truncate(int length) {
  for (int& held : lengths_) held = std::min(held, length);
}

float* KeyValueCache::row(const Storage& storage, int layer, std::int64_t place, std::int64_t position) const {
  return storage.get() + ((static_cast<std::int64_t>(layer) * slots_ + place) * context_ + position) * kv_width_;
}

void KeyValueCache::copy_place(int from, int to, int tokens) {
  for (int layer = 0; layer < layers_; ++layer) {
    for (const Storage* storage : {&keys_, &values_}) {
      std::copy_n(row(*storage, layer, from, 0), tokens * kv_width_, row(*storage, layer, to, 0));
    }
  }
}

void KeyValueCache::reorder(std::span<const std::int32_t> parents) {
  const auto slots = static_cast<std::size_t>(slots_);
  if (parents.size() > slots) fail("the cache has ", slots_, " slots, asked for ", parents.size());
  next_lengths_.assign(slots, 0);
  next_places_.assign(slots, -1);
  taken_.assign(slots, false);
  // The first that continues a slot stays where its tokens are.
  for (std::size_t b = 0; b < parents.size(); ++b) {
    const auto parent = static_cast<std::size_t>(parents[b]);
    if (parent >= slots) fail("the cache has no slot ", parents[b]);
    next_lengths_[b] = lengths_[parent];
    const auto place = static_cast<std::size_t>(places_[parent]);
    if (taken_[place]) continue;
    taken_[place] = true;
    next_places_[b] = places_[parent];
  }
  // The others get places that nobody continues.
  int free = 0;
  for (std::size_t b = 0; b < slots; ++b) {
    if (next_places_[b] >= 0) continue;
    while (taken_[static_cast<std::size_t>(free)]) ++free;
    next_places_[b] = free++;
    if (b < parents.size()) {
      copy_place(places_[static_cast<std::size_t>(parents[b])], next_places_[b], next_lengths_[b]);
    }
  }
  lengths_.swap(next_lengths_);
  places_.swap(next_places_);
}

void KeyValueCache::append(int layer, const HeadColumns& key, const HeadColumns& value,
                           const std::int32_t* query_starts, std::int64_t sequences) {
  if (sequences > slots_) fail("the cache has ", slots_, " slots, the batch ", sequences, " sequences");
  for (std::int64_t b = 0; b < sequences; ++b) {
    const int held = lengths_[static_cast<std::size_t>(b)];
    const std::int64_t count = query_starts[b + 1] - query_starts[b];
    if (held + count > context_) fail("the cache holds ", context_, " tokens, asked for ", held + count);
    const int place = places_[static_cast<std::size_t>(b)];
    for (std::int64_t i = 0; i < count; ++i) {
      const std::int64_t source = query_starts[b] + i;
      std::copy_n(key.tensor.data + source * key.tensor.columns() + key.column, kv_width_,
                  row(keys_, layer, place, held + i));
      std::copy_n(value.tensor.data + source * value.tensor.columns() + value.column, kv_width_,
                  row(values_, layer, place, held + i));
    }
  }
}

Tensor KeyValueCache::keys(int layer) {
  return {row(keys_, layer, 0, 0), nullptr, Shape::matrix(static_cast<std::int64_t>(slots_) * context_, kv_width_)};
}

Tensor KeyValueCache::values(int layer) {
  return {row(values_, layer, 0, 0), nullptr, Shape::matrix(static_cast<std::int64_t>(slots_) * context_, kv_width_)};
}

AttentionSpans KeyValueCache::spans(const std::int32_t* query_starts, std::int64_t sequences) {
  for (std::int64_t b = 0; b < sequences; ++b) {
    const auto slot = static_cast<std::size_t>(b);
    key_starts_[slot] = static_cast<std::int32_t>(places_[slot]) * context_;
    key_lengths_[slot] = lengths_[slot] + query_starts[b + 1] - query_starts[b];
  }
  return {sequences, query_starts, key_starts_.data(), key_lengths_.data()};
}

void KeyValueCache::advance(const std::int32_t* query_starts, std::int64_t sequences) {
  for (std::int64_t b = 0; b < sequences; ++b) {
    lengths_[static_cast<std::size_t>(b)] += query_starts[b + 1] - query_starts[b];
  }
}

}  // namespace attn
