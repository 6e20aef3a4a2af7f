#include "nn/multi_head_attention.h"

#include "nn/cache.h"

namespace attn {

SelfAttention::SelfAttention(const AttentionDimensions& size)
    : qkv(size.d_model, (size.heads + 2 * size.kv_heads) * size.d_head, size.biases),
      output(size.heads * size.d_head, size.d_model, size.biases, ParameterRole::residual_output),
      dimensions(size) {}

void SelfAttention::visit(const std::string& prefix, const ParameterVisitor& visitor) {
  qkv.visit(prefix + ".qkv", visitor);
  output.visit(prefix + ".output", visitor);
}

Tensor SelfAttention::forward(Context& context, Tensor x, const Sequences& sequences, bool causal,
                              const RotaryAngles* angles, float dropout_rate, AttentionPlace place) const {
  const auto& [d_model, heads, kv_heads, d_head, biases] = dimensions;
  const AttentionShape shape{heads, kv_heads, d_head, causal};

  const Tensor projected = qkv(context, x);  // (N, (H + 2·H_kv)·D)
  if (angles) rotary(context, projected, heads + kv_heads, d_head, sequences.positions, angles->table());
  const HeadColumns query{projected, 0};
  const HeadColumns key{projected, heads * d_head};
  const HeadColumns value{projected, (heads + kv_heads) * d_head};

  Tensor mixed;  // (N, H·D)
  if (KeyValueCache* cache = context.cache) {
    cache->append(place.layer, key, value, sequences.starts, sequences.count);
    const AttentionSpans spans = cache->spans(sequences.starts, sequences.count);
    mixed = attention(context, query, {cache->keys(place.layer), 0}, {cache->values(place.layer), 0}, spans, shape,
                      dropout_rate, place);
  } else {
    const AttentionSpans spans{sequences.count, sequences.starts, sequences.starts, sequences.lengths};
    mixed = attention(context, query, key, value, spans, shape, dropout_rate, place);
  }
  return output(context, mixed);
}

CrossAttention::CrossAttention(const AttentionDimensions& size)
    : query(size.d_model, size.heads * size.d_head, size.biases),
      key_value(size.d_model, 2 * size.kv_heads * size.d_head, size.biases),
      output(size.heads * size.d_head, size.d_model, size.biases, ParameterRole::residual_output),
      dimensions(size) {}

void CrossAttention::visit(const std::string& prefix, const ParameterVisitor& visitor) {
  query.visit(prefix + ".query", visitor);
  key_value.visit(prefix + ".key_value", visitor);
  output.visit(prefix + ".output", visitor);
}

Tensor CrossAttention::forward(Context& context, Tensor x, const Sequences& sequences, const Source& source,
                               float dropout_rate, int layer) const {
  const auto& [d_model, heads, kv_heads, d_head, biases] = dimensions;
  const Tensor queries = query(context, x);  // (N, H·D)
  const Tensor seen =
      source.keys_values ? source.keys_values[layer] : project(context, source.states);  // (N_S, 2·H_kv·D)
  const AttentionSpans spans{sequences.count, sequences.starts, source.starts, source.lengths};
  const Tensor mixed = attention(context, {queries, 0}, {seen, 0}, {seen, kv_heads * d_head}, spans,
                                 {heads, kv_heads, d_head, false}, dropout_rate, {AttentionKind::cross, layer});
  return output(context, mixed);
}

}  // namespace attn
