#include "inspection/attention_statistics.h"

#include <cmath>

namespace attn {

std::vector<std::string> AttentionStatistics::columns() {
  return {"kind", "layer", "head", "queries", "entropy", "distance", "first", "previous", "self", "induction"};
}

void AttentionStatistics::add_query(Sums& sums, std::span<const float> weights, int query) {
  const auto weight_of = [&](int key) {
    return key >= 0 && key < static_cast<int>(weights.size()) ? weights[static_cast<std::size_t>(key)] : 0.0;
  };
  ++sums.queries;
  for (std::size_t key = 0; key < weights.size(); ++key) {
    const double weight = weights[key];
    if (weight > 0) sums.entropy -= weight * std::log(weight);
    sums.distance += weight * std::abs(static_cast<double>(key) - query);
  }
  sums.first += weight_of(0);
  sums.previous += weight_of(query - 1);
  sums.self += weight_of(query);
}

void AttentionStatistics::add(const AttentionRecord& record, std::span<const std::string> query_tokens,
                              std::span<const std::string> key_tokens) {
  if (!selection_.has(record)) return;
  const bool same_text = record.kind != AttentionKind::cross;
  for (int head = 0; head < record.heads; ++head) {
    if (!selection_.has_head(head)) continue;
    Sums& sums = heads_[{record.kind, record.layer, head}];
    for (int query = 0; query < record.queries; ++query) {
      const std::size_t row = static_cast<std::size_t>(head * record.queries + query);
      const auto keys = static_cast<std::size_t>(record.keys);
      const std::span<const float> weights(record.weights.data() + row * keys, keys);
      add_query(sums, weights, query);
      if (!same_text) continue;
      bool repeated = false;
      for (int earlier = 0; earlier + 1 < query; ++earlier) {
        if (key_tokens[static_cast<std::size_t>(earlier)] != query_tokens[static_cast<std::size_t>(query)]) continue;
        repeated = true;
        sums.induction += weights[static_cast<std::size_t>(earlier + 1)];
      }
      sums.repeated += repeated ? 1 : 0;
    }
  }
}

void AttentionStatistics::write(TableWriter& table) const {
  for (const auto& [place, sums] : heads_) {
    const auto& [kind, layer, head] = place;
    const auto mean = [queries = static_cast<double>(sums.queries)](double sum) {
      return static_cast<float>(sum / queries);
    };
    table.cell(name_of(kind)).cell(layer).cell(head).cell(sums.queries).cell(mean(sums.entropy));
    table.cell(mean(sums.distance)).cell(mean(sums.first)).cell(mean(sums.previous)).cell(mean(sums.self));
    if (sums.repeated > 0) {
      table.cell(static_cast<float>(sums.induction / static_cast<double>(sums.repeated)));
    } else {
      table.empty_cell();
    }
    table.end_row();
  }
}

}  // namespace attn
