#pragma once
// Rows of embedding tables, gathered and, backward, scattered.

#include "simd/generic/math.h"

namespace attn::simd {
namespace {

void embedding(const Embedding& p, int64_t row_begin, int64_t row_end) {
  const uint32_t threshold = dropout_threshold(p.dropout);
  const float kept = 1.0f / (1.0f - p.dropout);
  for (int64_t row = row_begin; row < row_end; ++row) {
    const float* token = p.table + p.ids[row] * p.columns;
    const float* position = p.positions ? p.positions + p.position_ids[row] * p.columns : nullptr;
    const float* type = p.types ? p.types + p.type_ids[row] * p.columns : nullptr;
    const int64_t first = row * p.columns;
    for_each_vector(0, p.columns, [=](int64_t i, auto lanes) {
      Vec x = load(token + i, lanes) * p.scale;
      if (position) x += load(position + i, lanes);
      if (type) x += load(type + i, lanes);
      if (threshold) x *= dropout_factor(first + i, p.dropout_key, threshold, kept);
      store(p.out + first + i, x, lanes);
    });
  }
}

void embedding_backward(const EmbeddingBackward& p, int64_t id_begin, int64_t id_end) {
  const uint32_t threshold = dropout_threshold(p.dropout);
  const float kept = 1.0f / (1.0f - p.dropout);
  for (int64_t row = 0; row < p.rows; ++row) {
    const int64_t id = p.ids[row];
    if (id < id_begin || id >= id_end) continue;
    float* sum = p.d_table + id * p.columns;
    const int64_t first = row * p.columns;
    for_each_vector(0, p.columns, [=](int64_t i, auto lanes) {
      Vec d = load(p.d_out + first + i, lanes) * p.scale;
      if (threshold) d *= dropout_factor(first + i, p.dropout_key, threshold, kept);
      store(sum + i, load(sum + i, lanes) + d, lanes);
    });
  }
}

}  // namespace
}  // namespace attn::simd
