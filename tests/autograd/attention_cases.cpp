#include "autograd/attention_cases.h"

#include <memory>
#include <numeric>

#include "base/error.h"

namespace attn {

namespace {

/// The arrays that AttentionSpans points to.
struct Starts {
  explicit Starts(const AttentionCase& c) : query_starts{0}, key_lengths(c.keys) {
    std::int32_t key_start = 0;
    for (const std::int32_t length : c.queries) query_starts.push_back(query_starts.back() + length);
    for (const std::int32_t length : c.keys) {
      key_starts.push_back(key_start);
      key_start += length;
    }
  }
  AttentionSpans spans() const {
    return {static_cast<std::int64_t>(key_lengths.size()), query_starts.data(), key_starts.data(), key_lengths.data()};
  }
  std::vector<std::int32_t> query_starts, key_starts, key_lengths;
};

}  // namespace

std::int64_t AttentionCase::query_rows() const {
  return std::accumulate(queries.begin(), queries.end(), std::int64_t{0});
}

std::int64_t AttentionCase::key_rows() const {
  return std::accumulate(keys.begin(), keys.end(), std::int64_t{0});
}

std::vector<GradientInput> AttentionCase::inputs() const {
  const std::int64_t wide = heads * d_head, narrow = kv_heads * d_head;
  const auto input = [](const char* name, std::int64_t rows, std::int64_t columns, std::uint64_t seed) {
    return random_input(name, Shape::matrix(rows, columns), seed, 1.5f);
  };
  switch (layout) {
    case Layout::packed:
      return {input("qkv", query_rows(), wide + 2 * narrow, 1)};
    case Layout::query_apart:
      return {input("query", query_rows(), wide, 1), input("kv", key_rows(), 2 * narrow, 2)};
    case Layout::separate:
      return {input("query", query_rows(), wide, 1), input("key", key_rows(), narrow, 2),
              input("value", key_rows(), narrow, 3)};
  }
  return {};
}

AttentionCase::Heads AttentionCase::columns(const std::vector<Tensor>& in) const {
  const std::int64_t wide = heads * d_head, narrow = kv_heads * d_head;
  switch (layout) {
    case Layout::packed:
      return {{in[0], 0}, {in[0], wide}, {in[0], wide + narrow}};
    case Layout::query_apart:
      return {{in[0], 0}, {in[1], 0}, {in[1], narrow}};
    case Layout::separate:
      return {{in[0], 0}, {in[1], 0}, {in[2], 0}};
  }
  return {};
}

Operation AttentionCase::operation() const {
  const auto starts = std::make_shared<Starts>(*this);
  return [c = *this, starts](Context& context, const std::vector<Tensor>& in) {
    const Heads at = c.columns(in);
    const AttentionShape shape{c.heads, c.kv_heads, c.d_head, c.causal};
    return attention(context, at.query, at.key, at.value, starts->spans(), shape, c.dropout, {});
  };
}

std::string to_string(const AttentionCase& c) {
  std::string text =
      concat(c.heads, " heads, ", c.kv_heads, " key/value heads of ", c.d_head, c.causal ? ", causal" : "",
             ", dropout ", c.dropout, ", layout ", static_cast<int>(c.layout), ", queries");
  for (const std::int32_t length : c.queries) text += concat(" ", length);
  text += ", keys";
  for (const std::int32_t length : c.keys) text += concat(" ", length);
  return text;
}

}  // namespace attn
