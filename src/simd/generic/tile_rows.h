#pragma once
// Which rows of a product each tile computes.

#include "simd/generic/vector.h"

namespace attn::simd {
namespace {

/// Tiles of at most `most` rows; a division costs as long as much of a small product.
ATTN_INLINE int64_t count_tiles(int64_t rows, int64_t most) {
  return rows <= most ? 1 : ceil_div(rows, most);
}

/// Rows [begin, end) split evenly into tiles of at most `most` rows.
struct TileRows {
  int64_t begin, end, rows, longer;  // the first `longer` tiles have one row more than `rows`

  ATTN_INLINE TileRows(int64_t first, int64_t last, int64_t most) : begin(first), end(last) {
    const int64_t tiles = count_tiles(end - begin, most);
    rows = tiles == 1 ? end - begin : (end - begin) / tiles;
    longer = (end - begin) - rows * tiles;
  }
  ATTN_INLINE int64_t first_row(int64_t tile) const { return begin + tile * rows + min(tile, longer); }
  /// The end of the tiles from `tile` on, and before `tile_end`, that have as many rows as it.
  ATTN_INLINE int64_t end_of_alike(int64_t tile, int64_t tile_end) const {
    return tile < longer ? min(longer, tile_end) : tile_end;
  }
  /// Calls function(row, rows) for each tile.
  template <class Function>
  ATTN_INLINE void for_each(Function function) const {
    int64_t more = longer;
    for (int64_t row = begin; row < end; --more) {
      const int64_t count = rows + (more > 0 ? 1 : 0);
      function(row, count);
      row += count;
    }
  }
};

}  // namespace
}  // namespace attn::simd
