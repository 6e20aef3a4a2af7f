#pragma once
// Attention weights as a table: a row for each query and key, or, wide, for each query. Not for arrays (.npy); see
// inspection/attention_arrays.h.

#include <cstdint>
#include <functional>
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
  int top = 0;                       // of each query only the K largest weights, largest first; 0: all
  float min_weight = 0;              // only weights of at least this
  bool masked = true;                // pairs that the mask forbids come too, with weight 0

  bool has(const AttentionRecord& record) const;
  bool has_head(int head) const;
};

struct AttentionTableOptions {
  TableFormat format = TableFormat::csv;
  bool header = true;
  bool scores = false;  // adds the scaled, unmasked scores; the trace must have recorded them
  bool wide = false;    // a row a query, keys as columns; weights that are not selected stay empty
  int wide_keys = 0;    // number of key columns: keys of the longest text
  /// What heads the key columns beside their number; empty if the texts differ.
  std::vector<std::string> wide_names;
};

/// "encoder", "decoder" or "cross".
std::string_view name_of(AttentionKind kind);

/// Whether the mask lets `query` see `key`: with T queries and S keys, query t sees keys 0 … S - T + t.
bool is_visible(const AttentionRecord& record, int query, int key);

/// Writes records, one after the other, to a sink.
class AttentionTable {
 public:
  AttentionTable(AttentionSelection selection, AttentionTableOptions options,
                 std::function<void(std::string_view)> sink);

  /// Adds one layer's weights for the text of that number. The tokens are what the token columns show.
  void add(int text, const AttentionRecord& record, const std::vector<std::string>& query_tokens,
           const std::vector<std::string>& key_tokens);
  /// Writes what remains; the table is complete then.
  void finish();

 private:
  /// A key of one query.
  struct Cell {
    int key;
    float weight, score;
  };

  void write_header();
  void begin_row(int text, const AttentionRecord& record, int head, int query, const std::string& query_token);
  void end_row();
  void select_cells(const AttentionRecord& record, int head, int query);
  void write_long(int text, const AttentionRecord& record, int head, int query, const std::string& query_token);
  void write_wide(int text, const AttentionRecord& record, int head, int query, const std::string& query_token);
  void write_json_lists(const AttentionRecord& record);
  void write_wide_cells(float Cell::*field);
  void put(std::string_view text) { buffer_ += text; }
  void put_number(float value);
  void put_integer(int value);
  bool is_json() const;

  AttentionSelection selection_;
  AttentionTableOptions options_;
  std::function<void(std::string_view)> sink_;
  std::string buffer_;
  std::string row_begin_;              // the columns that all rows of one query share
  std::vector<std::string> key_parts_;  // the key's two columns, for every key of a record
  std::vector<Cell> cells_;            // of one query
  std::string json_keys_;              // wide JSON: the list of key tokens
  bool first_row_ = true;
};

}  // namespace attn
