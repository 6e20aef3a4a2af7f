#pragma once
// Attention, forward, with the online softmax (Milakov, Gimelshein 2018; Dao et al. 2022): keys are visited
// tile by tile, and each query keeps the largest score so far and the sum of exponentials.

#include "simd/generic/attention_decode.h"

namespace attn::simd {
namespace {

struct AttentionScratch {
  float* packed;   // queries by panels, times scale
  float* weights;  // (kKeyTile, kQueryTile)
  float* largest;  // (kQueryTile)
  float* total;    // (kQueryTile)
  float* factor;   // (kQueryTile): what the outputs so far are to be multiplied with
  float* values;   // copy of value rows, if needed

  AttentionScratch(const Attention& p, float* scratch)
      : packed(scratch),
        weights(packed + packed_queries_floats(p.d_head)),
        largest(weights + kScoreTile),
        total(largest + kQueryTile),
        factor(total + kQueryTile),
        values(factor + kQueryTile) {}
  static int64_t floats(const Attention& p) {
    return packed_queries_floats(p.d_head) + kScoreTile + 3 * kQueryTile + readable_rows_floats(p.d_head, kKeyTile);
  }
};

int64_t attention_blocks(const Attention& p) {
  return query_tiles(p) * p.heads;
}
int64_t attention_scratch(const Attention& p) {
  return max(AttentionScratch::floats(p), decode_scratch(p));
}

/// Scores become exp(score - largest); statistics are updated.
void weigh_tile(const Attention& p, const Head& h, const TilePair& pair, const AttentionScratch& scratch) {
  const WeightDropout dropout(p);
  for (int64_t i = 0; i < pair.queries; i += kLanes) {
    float* column = scratch.weights + i;
    const Vec before = load(scratch.largest + i);
    Vec most = before;
    for_each_visible_key(pair, i,
                         [&](int64_t j, auto mask) { most = larger(mask(load(column + j * kQueryTile), most), most); });
    Vec sums = {};
    const VecWord rows = dropout.active() ? dropout.row_hash(p, h, pair.t + i) : VecWord{};
    const int64_t seen = for_each_visible_key(pair, i, [&](int64_t j, auto mask) {
      Vec weight = mask(exponential(load(column + j * kQueryTile) - most), Vec{});
      sums += weight;
      if (dropout.active()) weight = dropout.keep(weight, rows, pair.s + j);
      store(column + j * kQueryTile, weight);
    });
    for (int64_t j = seen; j < pair.keys; ++j) store(column + j * kQueryTile, Vec{});
    const Vec factor = before == most ? broadcast(1.0f) : exponential(before - most);
    store(scratch.factor + i, factor);
    store(scratch.largest + i, most);
    store(scratch.total + i, load(scratch.total + i) * factor + sums);
  }
}

void scale_rows(float* rows, int64_t ld, int64_t count, int64_t d_head, const float* factors) {
  for (int64_t i = 0; i < count; ++i) scale(rows + i * ld, factors[i], 0, d_head);
}

void finish_queries(const Attention& p, const Head& h, int64_t t, int64_t queries, float* out,
                    const AttentionScratch& scratch) {
  const float kept = WeightDropout(p).kept;
  for (int64_t i = 0; i < queries; ++i) {
    const float total = scratch.total[i];
    scratch.factor[i] = total == 0 ? 0 : kept / total;
    if (p.log_sum_exp) {
      p.log_sum_exp[(h.row + t + i) * p.heads + h.head] = scratch.largest[i] + __builtin_logf(total);
    }
  }
  scale_rows(out, p.ld_out, queries, p.d_head, scratch.factor);
}

void attend_tile(const Attention& p, const Head& h, int64_t t, float* memory) {
  const AttentionScratch scratch(p, memory);
  const int64_t queries = min(kQueryTile, h.queries - t), key_end = visible_keys(h, t + queries - 1);
  float* out = p.out + (h.row + t) * p.ld_out + h.head * p.d_head;
  pack_queries(h.query + t * p.ld_query, p.ld_query, queries, p.d_head, p.scale, scratch.packed);
  for (int64_t i = 0; i < kQueryTile; i += kLanes) {
    store(scratch.largest + i, broadcast(-__builtin_inff()));
    store(scratch.total + i, Vec{});
  }
  int64_t s = 0;
  do {
    const TilePair pair = make_pair(h, t, s, key_end);
    multiply_packed(pair, h.key + s * p.ld_key, p.ld_key, scratch.packed, p.d_head, scratch.weights);
    weigh_tile(p, h, pair, scratch);
    if (s > 0) scale_rows(out, p.ld_out, queries, p.d_head, scratch.factor);
    const Rows values = readable_rows(h.value + s * p.ld_value, p.ld_value, pair.keys, p.d_head, scratch.values);
    multiply<true>(scratch.weights, kQueryTile, values.data, values.ld, queries, p.d_head, out, p.ld_out, s > 0,
                   [&](int64_t row, int64_t rows) {
                     return Extent{0, pair.visible(row + rows - 1)};
                   });
    s += kKeyTile;
  } while (s < key_end);
  finish_queries(p, h, t, queries, out, scratch);
}

void attention(const Attention& p, int64_t block, float* scratch) {
  const int64_t tile = block / p.heads, sequence = sequence_of_tile(p, tile);
  const Head h = head_of(p, sequence, block % p.heads);
  const int64_t t = (tile - first_tile(p, sequence)) * kQueryTile;
  if (t >= h.queries) return;
  if (are_few(p, h, t)) return attend_few(p, h, t, scratch);
  attend_tile(p, h, t, scratch);
}

}  // namespace
}  // namespace attn::simd
