#include "nn/cache.h"

#include <algorithm>

#include "base/error.h"

namespace attn {

KeyValueCache::KeyValueCache(int layers, int slots, int context, std::int64_t kv_width)
    : layers_(layers), slots_(slots), context_(context), kv_width_(kv_width) {
  const auto size = static_cast<std::size_t>(layers) * static_cast<std::size_t>(slots) *
                    static_cast<std::size_t>(context) * static_cast<std::size_t>(kv_width);
  keys_.resize(size);
  values_.resize(size);
  lengths_.resize(static_cast<std::size_t>(slots));
  key_starts_.resize(static_cast<std::size_t>(slots));
  key_lengths_.resize(static_cast<std::size_t>(slots));
}

void KeyValueCache::truncate(int length) {
  for (int& held : lengths_) held = std::min(held, length);
}

float* KeyValueCache::row(std::vector<float>& storage, int layer, std::int64_t slot, std::int64_t position) {
  return storage.data() + ((static_cast<std::int64_t>(layer) * slots_ + slot) * context_ + position) * kv_width_;
}

void KeyValueCache::spread_first_slot() {
  const std::int64_t held = lengths_[0] * kv_width_;
  for (int layer = 0; layer < layers_; ++layer) {
    for (int slot = 1; slot < slots_; ++slot) {
      std::copy_n(row(keys_, layer, 0, 0), held, row(keys_, layer, slot, 0));
      std::copy_n(row(values_, layer, 0, 0), held, row(values_, layer, slot, 0));
    }
  }
  std::fill(lengths_.begin(), lengths_.end(), lengths_[0]);
}

void KeyValueCache::append(int layer, const HeadColumns& key, const HeadColumns& value,
                           const std::int32_t* query_starts, std::int64_t sequences) {
  if (sequences > slots_) fail("the cache has ", slots_, " slots, the batch ", sequences, " sequences");
  for (std::int64_t b = 0; b < sequences; ++b) {
    const int held = lengths_[static_cast<std::size_t>(b)];
    const std::int64_t count = query_starts[b + 1] - query_starts[b];
    if (held + count > context_) fail("the cache holds ", context_, " tokens, asked for ", held + count);
    for (std::int64_t i = 0; i < count; ++i) {
      const std::int64_t source = query_starts[b] + i;
      std::copy_n(key.tensor.data + source * key.tensor.columns() + key.column, kv_width_,
                  row(keys_, layer, b, held + i));
      std::copy_n(value.tensor.data + source * value.tensor.columns() + value.column, kv_width_,
                  row(values_, layer, b, held + i));
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
    key_starts_[slot] = static_cast<std::int32_t>(b) * context_;
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
