#pragma once
// What the forward and the backward pass of attention share. Scores are computed transposed, keys × queries,
// so that row statistics (over keys) run along whole vectors of queries and nothing is summed across lanes;
// queries are packed once per tile of queries, keys and values are read in place.

#include "simd/generic/math.h"
#include "simd/generic/pack.h"
#include "simd/generic/tile.h"
#include "simd/generic/tile_rows.h"

namespace attn::simd {
namespace {

constexpr int64_t kQueryTile = 64;  // queries whose statistics and packed rows are kept at a time
constexpr int64_t kKeyTile = 64;    // keys × kQueryTile scores stay in the first-level cache
constexpr int64_t kScoreTile = kKeyTile * kQueryTile;

/// One sequence and one head.
struct Head {
  const float* query;  // (T, D) with ld_query
  const float* key;    // (S, D) with ld_key
  const float* value;  // (S, D) with ld_value
  int64_t queries;     // T
  int64_t keys;        // S
  int64_t row;         // of query 0 among all queries
  int64_t first_key;   // row of key 0 among all keys
  int64_t head, kv_head;
  int64_t diagonal;  // query t sees keys below diagonal + t + 1; S if not causal
};

Head head_of(const Attention& p, int64_t sequence, int64_t head) {
  Head h;
  h.row = p.query_starts[sequence];
  h.queries = p.query_starts[sequence + 1] - h.row;
  h.first_key = p.key_starts[sequence];
  h.keys = p.key_lengths[sequence];
  h.head = head;
  h.kv_head = head * p.kv_heads / p.heads;
  h.query = p.query + h.row * p.ld_query + head * p.d_head;
  h.key = p.key + h.first_key * p.ld_key + h.kv_head * p.d_head;
  h.value = p.value + h.first_key * p.ld_value + h.kv_head * p.d_head;
  h.diagonal = p.causal ? h.keys - h.queries : h.keys;
  return h;
}

/// Keys [0, result) are seen by query t or an earlier one.
ATTN_INLINE int64_t visible_keys(const Head& h, int64_t t) {
  return max(0, min(h.keys, h.diagonal + t + 1));
}

/// Tiles of queries are numbered so that a sequence's numbers follow from query_starts alone: sequence b's
/// begin at query_starts[b]/kQueryTile + b. Some numbers stand for no tile.
ATTN_INLINE int64_t first_tile(const Attention& p, int64_t sequence) {
  return p.query_starts[sequence] / kQueryTile + sequence;
}
ATTN_INLINE int64_t query_tiles(const Attention& p) {
  return first_tile(p, p.sequences);
}

int64_t sequence_of_tile(const Attention& p, int64_t tile) {
  int64_t low = 0, high = p.sequences;  // first_tile(low) <= tile < first_tile(high)
  while (high - low > 1) {
    const int64_t middle = (low + high) / 2;
    (first_tile(p, middle) <= tile ? low : high) = middle;
  }
  return low;
}

/// The range of k that a tile of a product needs.
struct Extent {
  int64_t first, end;
};

/// c (m, n) [+]= a·b with b readable in whole vectors; depth(row, rows) gives the range of k that those rows
/// need.
template <bool kTransposed, class Depth>
ATTN_INLINE void multiply(const float* a, int64_t lda, const float* b, int64_t ldb, int64_t m, int64_t n, float* c,
                          int64_t ldc, bool add, Depth depth) {
  const int64_t whole = n / kPanel * kPanel;
  TileRows(0, m, kTileRows).for_each([&](int64_t row, int64_t rows) {
    const Extent k = depth(row, rows);
    const float* const b_rows = b + k.first * ldb;
    TileStrip t = {.a = a + (kTransposed ? k.first * lda + row : row * lda + k.first),
                   .lda = lda,
                   .b = b_rows,
                   .ldb = ldb,
                   .panel_stride = kPanel,
                   .k = max(0, k.end - k.first),
                   .c = c + row * ldc,
                   .ldc = ldc,
                   .add = add};
    multiply_strip<kTransposed>(t, rows, n, {b_rows + whole, ldb});
  });
}

/// A pair of tiles: queries [t, t + queries) and keys [s, s + keys) of a head.
struct TilePair {
  int64_t t, queries, s, keys;
  int64_t diagonal;  // query i of the tile sees keys below diagonal + i + 1 of the tile

  /// The first query of the tile that sees key j of the tile.
  int64_t first_query(int64_t j) const { return max(0, j - diagonal); }
  /// Keys of the tile that query i sees.
  int64_t visible(int64_t i) const { return max(0, min(keys, diagonal + i + 1)); }
};

ATTN_INLINE TilePair make_pair(const Head& h, int64_t t, int64_t s, int64_t key_end) {
  return {.t = t,
          .queries = min(kQueryTile, h.queries - t),
          .s = s,
          .keys = min(kKeyTile, key_end - s),
          .diagonal = h.diagonal + t - s};
}

/// scores (keys, kQueryTile) = rows·packed for the pairs that may be visible; rows (keys, D) are keys or
/// values, packed the tile's queries or output gradients by panels: (D, width) each.
void multiply_packed(const TilePair& pair, const float* rows_of_keys, int64_t ld, const float* packed, int64_t d_head,
                     float* scores) {
  for (int64_t i = 0; i < pair.queries; i += kPanel) {
    const int64_t columns = min(kPanel, round_up(pair.queries - i, kLanes));
    const int64_t seen = pair.visible(min(i + kPanel, pair.queries) - 1);
    multiply<false>(rows_of_keys, ld, packed + i * d_head, columns, seen, columns, scores + i, kQueryTile, false,
                    [=](int64_t, int64_t) {
                      return Extent{0, d_head};
                    });
  }
}

/// Packs (queries, D) rows for multiply_packed.
void pack_queries(const float* rows, int64_t ld, int64_t queries, int64_t d_head, float factor, float* packed) {
  for (int64_t i = 0; i < queries; i += kPanel) {
    const int64_t columns = min(kPanel, queries - i);
    pack_transposed(rows + i * ld, ld, columns, d_head, factor, packed + i * d_head, round_up(columns, kLanes));
  }
}
ATTN_INLINE int64_t packed_queries_floats(int64_t d_head) {
  return kQueryTile * d_head;
}

struct Rows {
  const float* data;
  int64_t ld;
};
/// (count, D) rows that can be read in whole vectors: in place, or copied if D is not a multiple of kLanes.
Rows readable_rows(const float* rows, int64_t ld, int64_t count, int64_t d_head, float* scratch) {
  if (d_head % kLanes == 0) return {rows, ld};
  const int64_t width = round_up(d_head, kLanes);
  pack_rows(rows, ld, count, d_head, scratch, width);
  return {scratch, width};
}
ATTN_INLINE int64_t readable_rows_floats(int64_t d_head, int64_t count) {
  return d_head % kLanes == 0 ? 0 : count * round_up(d_head, kLanes);
}

/// For queries [i, i + kLanes) of the pair: function(j, whole, seen) for every key j of the tile that one of
/// them sees; `seen` tells which lanes do and is to be ignored if `whole`. Returns the number of such keys.
template <class Function>
ATTN_INLINE int64_t for_each_visible_key(const TilePair& pair, int64_t i, Function function) {
  const int64_t whole = pair.visible(i), end = pair.visible(min(i + kLanes, pair.queries) - 1);
  for (int64_t j = 0; j < whole; ++j) function(j, [](Vec x, Vec) { return x; });
  for (int64_t j = whole; j < end; ++j) {
    const VecInt sees = iota() >= static_cast<int32_t>(pair.first_query(j) - i);
    function(j, [=](Vec x, Vec otherwise) { return sees ? x : otherwise; });
  }
  return end;
}

/// Dropout of attention weights: an element's hash is hash32(hash32(query row·H + head) + key position), both
/// under the key; the rate's threshold decides as everywhere.
struct WeightDropout {
  uint64_t key;
  uint32_t threshold;
  float kept;

  explicit WeightDropout(const Attention& p)
      : key(p.dropout_key), threshold(dropout_threshold(p.dropout)), kept(1.0f / (1.0f - p.dropout)) {}
  bool active() const { return threshold != 0; }

  VecWord row_hash(const Attention& p, const Head& h, int64_t t) const {
    const VecWord rows = static_cast<uint32_t>(h.row + t) + reinterpret_cast<VecWord>(iota());
    return hash32(rows * static_cast<uint32_t>(p.heads) + static_cast<uint32_t>(h.head), key);
  }
  /// x where the weight of key position s is kept, 0 elsewhere.
  Vec keep(Vec x, VecWord row_hashes, int64_t s) const {
    return hash32(row_hashes + static_cast<uint32_t>(s), key) >= threshold ? x : Vec{};
  }
};

}  // namespace
}  // namespace attn::simd
