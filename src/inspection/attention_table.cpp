#include "inspection/attention_table.h"

#include <algorithm>

namespace attn {
namespace {

bool has_value(const std::vector<int>& values, int value) {
  return values.empty() || std::find(values.begin(), values.end(), value) != values.end();
}

std::vector<std::string> columns_of(const AttentionTableOptions& options) {
  std::vector<std::string> columns;
  if (options.step) columns.push_back("step");
  columns.insert(columns.end(), {"text", "layer", "head", "kind", "query", "query_token"});
  if (!options.wide) {
    columns.insert(columns.end(), {"key", "key_token", "weight"});
    if (options.scores) columns.push_back("score");
    return columns;
  }
  columns.insert(columns.end(), options.key_names.begin(), options.key_names.end());
  if (options.scores) {
    for (const std::string& name : options.key_names) columns.push_back("score " + name);
  }
  return columns;
}

}  // namespace

bool AttentionSelection::has(const AttentionRecord& record) const {
  const bool kind = kinds.empty() || std::find(kinds.begin(), kinds.end(), record.kind) != kinds.end();
  return kind && has_value(layers, record.layer);
}

bool AttentionSelection::has_head(int head) const {
  return has_value(heads, head);
}

std::string_view name_of(AttentionKind kind) {
  switch (kind) {
    case AttentionKind::encoder:
      return "encoder";
    case AttentionKind::decoder:
      return "decoder";
    case AttentionKind::cross:
      return "cross";
  }
  return "";
}

bool is_visible(const AttentionRecord& record, int query, int key) {
  return !record.causal || key <= record.keys - record.queries + query;
}

std::int64_t count_weights(const AttentionSelection& selection, bool causal, std::int64_t queries, std::int64_t keys) {
  const bool only_visible = !selection.masked || selection.top > 0 || selection.min_weight > 0;
  const std::int64_t pairs = causal && only_visible ? queries * keys - queries * (queries - 1) / 2 : queries * keys;
  return selection.top > 0 ? std::min(pairs, queries * selection.top) : pairs;
}

AttentionTable::AttentionTable(AttentionSelection selection, AttentionTableOptions options, Sink sink)
    : selection_(std::move(selection)),
      options_(std::move(options)),
      writer_(options_.format, columns_of(options_), options_.header, std::move(sink)) {}

void AttentionTable::add(int text, const AttentionRecord& record, std::span<const std::string> query_tokens,
                         std::span<const std::string> key_tokens) {
  if (!selection_.has(record)) return;
  for (int head = 0; head < record.heads; ++head) {
    if (!selection_.has_head(head)) continue;
    for (int index = 0; index < record.queries; ++index) {
      select_cells(record, head, index);
      const std::string& token = query_tokens[static_cast<std::size_t>(index)];
      const Query query{text, record.layer, head, name_of(record.kind), index, token};
      options_.wide ? write_wide(query) : write_long(query, key_tokens);
    }
  }
}

void AttentionTable::select_cells(const AttentionRecord& record, int head, int query) {
  const std::size_t row =
      static_cast<std::size_t>(head) * static_cast<std::size_t>(record.queries) + static_cast<std::size_t>(query);
  const std::size_t offset = row * static_cast<std::size_t>(record.keys);
  cells_.clear();
  for (int key = 0; key < record.keys; ++key) {
    const std::size_t place = offset + static_cast<std::size_t>(key);
    const float weight = record.weights[place];
    const bool masked = !is_visible(record, query, key);
    if (masked && (!selection_.masked || selection_.top > 0)) continue;
    if (selection_.min_weight > 0 && !(weight >= selection_.min_weight)) continue;
    cells_.push_back({key, weight, options_.scores ? record.scores[place] : 0});
  }
  if (selection_.top <= 0) return;
  const std::size_t count = std::min(cells_.size(), static_cast<std::size_t>(selection_.top));
  const auto by_weight = [](const Cell& a, const Cell& b) {
    return a.weight != b.weight ? a.weight > b.weight : a.key < b.key;
  };
  std::partial_sort(cells_.begin(), cells_.begin() + static_cast<std::ptrdiff_t>(count), cells_.end(), by_weight);
  cells_.resize(count);
}

void AttentionTable::begin_row(const Query& query) {
  if (options_.step) writer_.cell(*options_.step);
  writer_.cell(query.text).cell(query.layer).cell(query.head).cell(query.kind).cell(query.index).cell(query.token);
}

void AttentionTable::write_long(const Query& query, std::span<const std::string> key_tokens) {
  for (const Cell& cell : cells_) {
    begin_row(query);
    writer_.cell(cell.key).cell(key_tokens[static_cast<std::size_t>(cell.key)]).cell(cell.weight);
    if (options_.scores) writer_.cell(cell.score);
    writer_.end_row();
  }
}

void AttentionTable::write_wide(const Query& query) {
  std::sort(cells_.begin(), cells_.end(), [](const Cell& a, const Cell& b) { return a.key < b.key; });
  begin_row(query);
  write_wide_cells(&Cell::weight);
  if (options_.scores) write_wide_cells(&Cell::score);
  writer_.end_row();
}

void AttentionTable::write_wide_cells(float Cell::*field) {
  int next = 0;
  for (const Cell& cell : cells_) {
    for (; next < cell.key; ++next) writer_.empty_cell();
    writer_.cell(cell.*field);
    ++next;
  }
  for (; next < static_cast<int>(options_.key_names.size()); ++next) writer_.empty_cell();
}

}  // namespace attn
