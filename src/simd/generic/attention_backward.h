#pragma once
// Attention, backward. Weights are recomputed from log_sum_exp, tile by tile, and each pair of tiles adds to
// the gradients of its queries, keys and values. With O = P·V, P = softmax(scale·Q·Kᵀ) (Dao et al. 2022,
// algorithm 4): dV = Pᵀ·dO, dP = dO·Vᵀ, dS = scale·P∘(dP - rowsum(dO∘O)), dQ = dS·K, dK = dSᵀ·Q.
//
// A block owns a (sequence, key/value head) if there are enough of them; else it owns either a tile of
// queries or a tile of keys, and computes P and dP for it alone.

#include "simd/generic/attention_tiles.h"
#include "simd/generic/elementwise.h"

namespace attn::simd {
namespace {

constexpr int64_t kEnoughHeads = 8;

struct BackwardScratch {
  float* queries;     // packed, times scale
  float* d_outs;      // packed
  float* weights;     // (kKeyTile, kQueryTile): P, after dropout, transposed
  float* d_scores;    // (kKeyTile, kQueryTile): dP, then dS, transposed
  float* log_sums;    // (kQueryTile)
  float* products;    // (kQueryTile): rowsum(dO∘O)
  float* query_rows;  // copies in rows of whole vectors, if D is none
  float* d_out_rows;
  float* key_rows;

  BackwardScratch(int64_t d_head, float* scratch)
      : queries(scratch),
        d_outs(queries + packed_queries_floats(d_head)),
        weights(d_outs + packed_queries_floats(d_head)),
        d_scores(weights + kScoreTile),
        log_sums(d_scores + kScoreTile),
        products(log_sums + kQueryTile),
        query_rows(products + kQueryTile),
        d_out_rows(query_rows + readable_rows_floats(d_head, kQueryTile)),
        key_rows(d_out_rows + readable_rows_floats(d_head, kQueryTile)) {}
  static int64_t floats(int64_t d_head) {
    return 2 * packed_queries_floats(d_head) + 2 * kScoreTile + 2 * kQueryTile +
           2 * readable_rows_floats(d_head, kQueryTile) + readable_rows_floats(d_head, kKeyTile);
  }
};

/// What one block owns.
struct Owned {
  int64_t head_begin, head_end;    // query heads
  int64_t query_begin, query_end;  // of the sequence
  int64_t key_begin, key_end;
  bool query_gradient, key_value_gradient;
};

int64_t key_tiles(const Attention& p) {
  int64_t tiles = 0;
  for (int64_t b = 0; b < p.sequences; ++b) tiles += ceil_div(p.key_lengths[b], kKeyTile);
  return tiles;
}

ATTN_INLINE bool by_tiles(const Attention& p) {
  return p.sequences * p.kv_heads < kEnoughHeads && p.query_starts[p.sequences] > kQueryTile * p.sequences;
}

int64_t attention_backward_blocks(const AttentionBackward& b) {
  const Attention& p = b.forward;
  if (!by_tiles(p)) return p.sequences * p.kv_heads;
  return query_tiles(p) * p.heads + key_tiles(p) * p.kv_heads;
}
int64_t attention_backward_scratch(const AttentionBackward& b) {
  return BackwardScratch::floats(b.forward.d_head);
}

void zero_rows(float* rows, int64_t ld, int64_t count, int64_t columns) {
  for (int64_t i = 0; i < count; ++i) {
    for_each_vector(0, columns, [=](int64_t c, auto lanes) { store(rows + i * ld + c, Vec{}, lanes); });
  }
}

/// Gradients that are to be written rather than added to start at 0.
void clear_owned(const AttentionBackward& b, int64_t sequence, const Owned& owned) {
  const Attention& p = b.forward;
  const Head h = head_of(p, sequence, owned.head_begin);
  if (owned.query_gradient && !b.accumulate_query) {
    zero_rows(b.d_query + (h.row + owned.query_begin) * p.ld_query + h.head * p.d_head, p.ld_query,
              owned.query_end - owned.query_begin, (owned.head_end - owned.head_begin) * p.d_head);
  }
  if (!owned.key_value_gradient) return;
  const int64_t first = h.first_key + owned.key_begin, count = owned.key_end - owned.key_begin;
  if (!b.accumulate_key) zero_rows(b.d_key + first * p.ld_key + h.kv_head * p.d_head, p.ld_key, count, p.d_head);
  if (!b.accumulate_value) {
    zero_rows(b.d_value + first * p.ld_value + h.kv_head * p.d_head, p.ld_value, count, p.d_head);
  }
}

/// The statistics of the tile's queries: log Σ exp and rowsum(dO∘O).
void load_statistics(const Attention& p, const Head& h, const float* d_out, int64_t t, int64_t queries,
                     const BackwardScratch& scratch) {
  for (int64_t i = 0; i < kQueryTile; ++i) scratch.log_sums[i] = scratch.products[i] = 0;
  for (int64_t i = 0; i < queries; ++i) {
    const int64_t row = h.row + t + i;
    scratch.log_sums[i] = p.log_sum_exp[row * p.heads + h.head];
    const float* out = p.out + row * p.ld_out + h.head * p.d_head;
    const float* d = d_out + i * p.ld_out;
    Vec total = {};
    for_each_vector(0, p.d_head, [&](int64_t c, auto lanes) { total += load(out + c, lanes) * load(d + c, lanes); });
    scratch.products[i] = sum(total);
  }
}

/// From scores and dP to dropped-out P and dS, in place.
void differentiate_tile(const Attention& p, const Head& h, const TilePair& pair, const BackwardScratch& scratch) {
  const WeightDropout dropout(p);
  for (int64_t i = 0; i < pair.queries; i += kLanes) {
    float* weights = scratch.weights + i;
    float* d_scores = scratch.d_scores + i;
    const Vec log_sum = load(scratch.log_sums + i), product = load(scratch.products + i);
    const VecWord rows = dropout.active() ? dropout.row_hash(p, h, pair.t + i) : VecWord{};
    const int64_t seen = for_each_visible_key(pair, i, [&](int64_t j, auto mask) {
      const Vec weight = exponential(load(weights + j * kQueryTile) - log_sum);
      Vec dropped = weight, d_weight = load(d_scores + j * kQueryTile);
      if (dropout.active()) {
        dropped = dropout.keep(weight * dropout.kept, rows, pair.s + j);
        d_weight = dropout.keep(d_weight * dropout.kept, rows, pair.s + j);
      }
      store(weights + j * kQueryTile, mask(dropped, Vec{}));
      store(d_scores + j * kQueryTile, mask(weight * (d_weight - product) * p.scale, Vec{}));
    });
    for (int64_t j = seen; j < pair.keys; ++j) {
      store(weights + j * kQueryTile, Vec{});
      store(d_scores + j * kQueryTile, Vec{});
    }
  }
}

void add_pair(const AttentionBackward& b, const Head& h, const TilePair& pair, const Owned& owned, Rows queries,
              Rows d_outs, const BackwardScratch& scratch) {
  const Attention& p = b.forward;
  const float* keys = h.key + pair.s * p.ld_key;
  multiply_packed(pair, keys, p.ld_key, scratch.queries, p.d_head, scratch.weights);
  multiply_packed(pair, h.value + pair.s * p.ld_value, p.ld_value, scratch.d_outs, p.d_head, scratch.d_scores);
  differentiate_tile(p, h, pair, scratch);
  if (owned.key_value_gradient) {
    const auto seeing = [&](int64_t row, int64_t) {
      return Extent{min(pair.first_query(row), pair.queries), pair.queries};
    };
    const int64_t first = h.first_key + pair.s;
    multiply<false>(scratch.weights, kQueryTile, d_outs.data, d_outs.ld, pair.keys, p.d_head,
                    b.d_value + first * p.ld_value + h.kv_head * p.d_head, p.ld_value, true, seeing);
    multiply<false>(scratch.d_scores, kQueryTile, queries.data, queries.ld, pair.keys, p.d_head,
                    b.d_key + first * p.ld_key + h.kv_head * p.d_head, p.ld_key, true, seeing);
  }
  if (owned.query_gradient) {
    const Rows rows = readable_rows(keys, p.ld_key, pair.keys, p.d_head, scratch.key_rows);
    multiply<true>(scratch.d_scores, kQueryTile, rows.data, rows.ld, pair.queries, p.d_head,
                   b.d_query + (h.row + pair.t) * p.ld_query + h.head * p.d_head, p.ld_query, true,
                   [&](int64_t row, int64_t rows_of_tile) {
                     return Extent{0, pair.visible(row + rows_of_tile - 1)};
                   });
  }
}

void add_owned(const AttentionBackward& b, int64_t sequence, const Owned& owned, float* memory) {
  const Attention& p = b.forward;
  const BackwardScratch scratch(p.d_head, memory);
  for (int64_t head = owned.head_begin; head < owned.head_end; ++head) {
    const Head h = head_of(p, sequence, head);
    for (int64_t t = owned.query_begin; t < owned.query_end; t += kQueryTile) {
      const int64_t queries = min(kQueryTile, h.queries - t);
      const int64_t key_end = min(owned.key_end, visible_keys(h, t + queries - 1));
      if (key_end <= owned.key_begin) continue;
      const float* query = h.query + t * p.ld_query;
      const float* d_out = b.d_out + (h.row + t) * p.ld_out + head * p.d_head;
      pack_queries(query, p.ld_query, queries, p.d_head, p.scale, scratch.queries);
      pack_queries(d_out, p.ld_out, queries, p.d_head, 1.0f, scratch.d_outs);
      const Rows query_rows = readable_rows(query, p.ld_query, queries, p.d_head, scratch.query_rows);
      const Rows d_out_rows = readable_rows(d_out, p.ld_out, queries, p.d_head, scratch.d_out_rows);
      load_statistics(p, h, d_out, t, queries, scratch);
      for (int64_t s = owned.key_begin; s < key_end; s += kKeyTile) {
        add_pair(b, h, make_pair(h, t, s, key_end), owned, query_rows, d_out_rows, scratch);
      }
    }
  }
}

/// The block's part; an empty one if the block stands for no tile.
Owned owned_by(const Attention& p, int64_t block, int64_t& sequence) {
  const int64_t group = p.heads / p.kv_heads;
  if (!by_tiles(p)) {
    sequence = block / p.kv_heads;
    const int64_t head = block % p.kv_heads * group;
    const Head h = head_of(p, sequence, head);
    return {head, head + group, 0, h.queries, 0, h.keys, true, true};
  }
  const int64_t query_blocks = query_tiles(p) * p.heads;
  if (block < query_blocks) {
    const int64_t tile = block / p.heads, head = block % p.heads;
    sequence = sequence_of_tile(p, tile);
    const Head h = head_of(p, sequence, head);
    const int64_t t = min(h.queries, (tile - first_tile(p, sequence)) * kQueryTile);
    return {head, head + 1, t, min(h.queries, t + kQueryTile), 0, h.keys, true, false};
  }
  int64_t tile = (block - query_blocks) / p.kv_heads;
  const int64_t head = (block - query_blocks) % p.kv_heads * group;
  for (sequence = 0; tile >= ceil_div(p.key_lengths[sequence], kKeyTile); ++sequence) {
    tile -= ceil_div(p.key_lengths[sequence], kKeyTile);
  }
  const Head h = head_of(p, sequence, head);
  const int64_t s = tile * kKeyTile;
  return {head, head + group, 0, h.queries, s, min(h.keys, s + kKeyTile), false, true};
}

void attention_backward(const AttentionBackward& b, int64_t block, float* scratch) {
  int64_t sequence = 0;
  const Owned owned = owned_by(b.forward, block, sequence);
  if (owned.query_begin >= owned.query_end) return;
  clear_owned(b, sequence, owned);
  add_owned(b, sequence, owned, scratch);
}

}  // namespace
}  // namespace attn::simd
