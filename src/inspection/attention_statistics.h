#pragma once
// What each head does, in a few numbers: how widely it looks, how far, and whether at one of the usual places.

#include <map>
#include <span>
#include <string>
#include <tuple>

#include "autograd/trace.h"
#include "base/table.h"
#include "inspection/attention_table.h"

namespace attn {

/// Means over all queries of all texts, a row a head: `kind,layer,head,queries,entropy,distance,first,previous,self,
/// induction`.
///   entropy    of a query's weights, in nats: 0 where one key has it all, ln S where S keys share evenly
///   distance   Σ weight·|query - key|, in tokens
///   first, previous, self   the weight on key 0, query - 1 and query
///   induction  the weight on what came after the same token earlier in the text (Olsson et al. 2022), over the queries
///              that have stood there before; empty if there are none, and for cross-attention
/// In cross-attention distance, previous and self compare places in the target with places in the source.
class AttentionStatistics {
 public:
  explicit AttentionStatistics(AttentionSelection selection) : selection_(std::move(selection)) {}

  /// Adds one layer's weights for one text; equal names are equal tokens.
  void add(const AttentionRecord& record, std::span<const std::string> query_tokens,
           std::span<const std::string> key_tokens);
  void write(TableWriter& table) const;
  static std::vector<std::string> columns();

 private:
  struct Sums {
    std::int64_t queries = 0, repeated = 0;
    double entropy = 0, distance = 0, first = 0, previous = 0, self = 0, induction = 0;
  };
  static void add_query(Sums& sums, std::span<const float> weights, int query);

  AttentionSelection selection_;
  std::map<std::tuple<AttentionKind, int, int>, Sums> heads_;  // kind, layer, head
};

}  // namespace attn
