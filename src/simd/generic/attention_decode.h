#pragma once
// Attention of few queries, as in decoding with a cache: keys are streamed once, nothing is copied. Also the weights
// themselves, for those who want to see them.

#include "simd/generic/attention_tiles.h"
#include "simd/generic/dots.h"
#include "simd/generic/elementwise.h"
#include "simd/generic/softmax_loss.h"

namespace attn::simd {
namespace {

constexpr int64_t kDecodeQueries = kDotRows;             // most that follow others
constexpr int64_t kDecodeKeys = 256;                     // visited between two updates of the statistics
constexpr int64_t kDecodeStride = kDecodeKeys + kLanes;  // floats from one query's weights to the next one's

int64_t decode_scratch(const Attention&) {
  return kDecodeQueries * kDecodeStride;
}

/// out (keys) = sums·factor.
ATTN_INLINE void scale_scores(const float* sums, float factor, int64_t keys, float* out) {
  for_each_vector(0, keys, [=](int64_t j, auto lanes) { store(out + j, load(sums + j, lanes) * factor, lanes); });
}

/// Whether the queries from t on are few. Tiles are faster for more than two, but those that follow what a cache holds come
/// out as one after the other would, as rows of products do.
ATTN_INLINE bool are_few(const Attention& p, const Head& h, int64_t t) {
  const bool follow = p.causal && h.keys > h.queries;
  return h.queries - t <= (follow ? kDecodeQueries : 2);
}

struct DecodeState {
  float largest, total;
};

/// weights (count) from scaled scores; returns the factor for what was summed before.
float weigh_keys(const Attention& p, const Head& h, int64_t t, int64_t s, int64_t count, float* weights,
                 DecodeState& state) {
  Vec most = broadcast(state.largest);
  for (int64_t j = count; j < round_up(count, kLanes); ++j) weights[j] = -__builtin_inff();
  for (int64_t j = 0; j < count; j += kLanes) most = larger(load(weights + j), most);
  const float before = state.largest;
  state.largest = largest(most);
  const WeightDropout dropout(p);
  const uint32_t row_hash =
      hash32(static_cast<uint32_t>((h.row + t) * p.heads + h.head), p.dropout_key) + static_cast<uint32_t>(s);
  Vec sums = {};
  for (int64_t j = 0; j < count; j += kLanes) {
    Vec weight = exponential(load(weights + j) - state.largest);
    sums += weight;
    if (dropout.active()) {
      weight = dropout.keep(weight, broadcast_word(row_hash) + reinterpret_cast<VecWord>(iota()), j);
    }
    store(weights + j, weight);
  }
  const float factor = before == state.largest ? 1.0f : exponential(broadcast(before - state.largest))[0];
  state.total = state.total * factor + sum(sums);
  return factor;
}

/// Queries from t on, which are few: each as if it were alone, to the last bit.
void attend_few(const Attention& p, const Head& h, int64_t t, float* scratch) {
  const int64_t queries = h.queries - t, key_end = visible_keys(h, h.queries - 1);
  const float* const query = h.query + t * p.ld_query;
  float* const out = p.out + (h.row + t) * p.ld_out + h.head * p.d_head;
  DecodeState states[kDecodeQueries];
  for (int64_t r = 0; r < queries; ++r) {
    states[r] = {-__builtin_inff(), 0};
    for (int64_t i = 0; i < p.d_head; ++i) out[r * p.ld_out + i] = 0;
  }
  for (int64_t s = 0; s < key_end; s += kDecodeKeys) {
    const int64_t count = min(kDecodeKeys, key_end - s);
    dot_products(query, p.ld_query, queries, h.key + s * p.ld_key, p.ld_key, p.d_head, 0, count, [&](const DotSums& d) {
      for (int64_t r = 0; r < d.rows; ++r) {
        float* const scores = scratch + (d.row + r) * kDecodeStride + d.column;
        scale_scores(d.sums + r * d.ld, p.scale, d.columns, scores);
      }
    });
    for (int64_t r = 0; r < queries; ++r) {
      const int64_t seen = min(count, visible_keys(h, t + r) - s);
      if (seen <= 0) continue;
      float* const weights = scratch + r * kDecodeStride;
      const float factor = weigh_keys(p, h, t + r, s, seen, weights, states[r]);
      add_weighted_rows(weights, h.value + s * p.ld_value, p.ld_value, seen, p.d_head, factor, out + r * p.ld_out);
    }
  }
  for (int64_t r = 0; r < queries; ++r) {
    const auto [largest, total] = states[r];
    if (total != 0) scale(out + r * p.ld_out, WeightDropout(p).kept / total, 0, p.d_head);
    if (p.log_sum_exp) p.log_sum_exp[(h.row + t + r) * p.heads + h.head] = largest + __builtin_logf(total);
  }
}

void attention_weights(const Attention& p, int64_t sequence, int64_t head, float* weights, float* scores) {
  const Head h = head_of(p, sequence, head);
  for (int64_t t = 0; t < h.queries; ++t) {
    float* row = weights + t * h.keys;
    dot_products(h.query + t * p.ld_query, p.ld_query, 1, h.key, p.ld_key, p.d_head, 0, h.keys,
                 [&](const DotSums& d) { scale_scores(d.sums, p.scale, d.columns, row + d.column); });
    if (scores) copy_row(row, h.keys, scores + t * h.keys);
    const int64_t seen = visible_keys(h, t);
    softmax(row, h.keys, seen, 0, 1);
    for (int64_t j = seen; j < h.keys; ++j) row[j] = 0;
  }
}

}  // namespace
}  // namespace attn::simd
