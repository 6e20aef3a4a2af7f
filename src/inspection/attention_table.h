#pragma once
// Attention weights as a table: a row for each query and key or, wide, for each query. Arrays for NumPy are
// inspection/attention_arrays.h's business.

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "autograd/trace.h"
#include "base/table.h"

namespace attn {

/// Which of the recorded weights come out.
struct AttentionSelection {
  std::vector<int> layers, heads;    // empty: all
  std::vector<AttentionKind> kinds;  // empty: all
  int top = 0;                       // of each query only the K largest weights, the largest first; 0: all
  float min_weight = 0;              // only weights of at least this
  bool masked = true;                // pairs that the mask forbids come too, with weight 0

  bool has(const AttentionRecord& record) const;
  bool has_head(int head) const;
};

struct AttentionTableOptions {
  TableFormat format = TableFormat::csv;
  bool header = true;
  /// Adds a first column `step` with this number: the attention of one text over a training.
  std::optional<std::int64_t> step = {};
  bool scores = false;  // adds the scaled, unmasked scores, which the trace must have recorded
  bool wide = false;    // a row a query, keys as columns; weights that are not selected stay empty
  /// Wide: a name for each key column; a text with fewer keys leaves the last ones empty.
  std::vector<std::string> key_names;
};

/// "encoder", "decoder" or "cross".
std::string_view name_of(AttentionKind kind);

/// Whether the mask lets `query` see `key`: with T queries and S keys, query t sees keys 0 … S - T + t.
bool is_visible(const AttentionRecord& record, int query, int key);

/// At most so many weights are selected of one head's attention between so many queries and keys.
std::int64_t count_weights(const AttentionSelection& selection, bool causal, std::int64_t queries, std::int64_t keys);

/// Writes records, one after the other, to a sink.
class AttentionTable {
 public:
  AttentionTable(AttentionSelection selection, AttentionTableOptions options, Sink sink);

  /// Adds one layer's weights for the text of that number. The tokens are what the token columns show.
  void add(int text, const AttentionRecord& record, std::span<const std::string> query_tokens,
           std::span<const std::string> key_tokens);
  /// Writes what remains; the table is complete then.
  void finish() { writer_.finish(); }

 private:
  /// The shared columns of the rows of one query.
  struct Query {
    int text, layer, head;
    std::string_view kind;
    int index;
    std::string_view token;
  };
  struct Cell {
    int key;
    float weight, score;
  };

  void select_cells(const AttentionRecord& record, int head, int query);
  void begin_row(const Query& query);
  void write_long(const Query& query, std::span<const std::string> key_tokens);
  void write_wide(const Query& query);
  void write_wide_cells(float Cell::*field);

  AttentionSelection selection_;
  AttentionTableOptions options_;
  TableWriter writer_;
  std::vector<Cell> cells_;  // of one query
};

}  // namespace attn
