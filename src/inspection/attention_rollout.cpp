#include "inspection/attention_rollout.h"

#include <map>

namespace attn {

namespace {

/// ½·(mean of the heads) + ½·I, (T, T).
std::vector<double> mixing(const AttentionRecord& record) {
  const auto places = static_cast<std::size_t>(record.queries);
  std::vector<double> mixed(places * places, 0.0);
  for (std::size_t i = 0; i < record.weights.size(); ++i) {
    mixed[i % mixed.size()] += 0.5 * static_cast<double>(record.weights[i]) / record.heads;
  }
  for (std::size_t i = 0; i < places; ++i) mixed[i * places + i] += 0.5;
  return mixed;
}

/// a·b, both (T, T).
std::vector<double> product(const std::vector<double>& a, const std::vector<double>& b, std::size_t places) {
  std::vector<double> c(places * places, 0.0);
  for (std::size_t i = 0; i < places; ++i) {
    for (std::size_t k = 0; k < places; ++k) {
      const double factor = a[i * places + k];
      if (factor == 0) continue;
      for (std::size_t j = 0; j < places; ++j) c[i * places + j] += factor * b[k * places + j];
    }
  }
  return c;
}

}  // namespace

std::vector<AttentionRecord> attention_rollout(const std::vector<AttentionRecord>& records) {
  std::vector<AttentionRecord> result;
  std::map<AttentionKind, std::vector<double>> rolled;  // so far, (T, T)
  for (const AttentionRecord& record : records) {
    if (record.kind == AttentionKind::cross) continue;
    std::vector<double>& before = rolled[record.kind];
    before =
        before.empty() ? mixing(record) : product(mixing(record), before, static_cast<std::size_t>(record.queries));
    AttentionRecord layer = record;
    layer.heads = 1;
    layer.weights.assign(before.begin(), before.end());
    layer.scores.clear();
    result.push_back(std::move(layer));
  }
  return result;
}

}  // namespace attn
